import type { TrialOrigin } from '../domain/job/trial.js';
import { byPlace, type Place, readHistory, type Result } from './history.js';

/** A completed evaluation of a genome, of whatever kind the search has. */
export interface Evaluated<Genome> extends Place, Result<Genome> {}

/** An evaluation that a search asks for; with equal config, generation and slot it is always the same. */
export interface Planned<Genome> extends Place {
  readonly origin: TrialOrigin;
  readonly genome: Genome;
  /** The slice of the data that it is evaluated on. */
  readonly fold: number;
}

export type Plan<Genome> =
  | { readonly kind: 'EVALUATE'; readonly trials: readonly Planned<Genome>[] }
  | { readonly kind: 'DONE'; readonly best: Evaluated<Genome> };

/** Yields batches of trials that can run at once, and is sent their results, in the order of the batch. */
export type Evolution<Genome, Return> = Generator<readonly Planned<Genome>[], Return, readonly Result<Genome>[]>;

/** Where a replay takes its results from, and where it ends. */
export interface Recorded<Genome> {
  /** Completed trials in any order; part of a batch is enough. */
  readonly history: readonly Evaluated<Genome>[];
  readonly isEqual: (a: Genome, b: Genome) => boolean;
  /** Trials in all, at least 1. */
  readonly trialCountMax: number;
}

/**
 * Replays a search from its start: each batch takes its results from the history until one is missing.
 *
 * @returns EVALUATE with the trials that are determined and not in the history, those that are running among them; or DONE,
 *   after the last batch or `trialCountMax` trials, with the best trial ever, the earliest of equals.
 * @throws {DomainError} REPLAY_DIVERGED when the history holds a genome or a place that was not planned.
 * @throws {RangeError} for a fitness that is not a number of 0 or more, and for two trials in one place.
 */
export function replay<Genome>(
  search: Evolution<Genome, void>,
  { history, isEqual, trialCountMax }: Recorded<Genome>,
): Plan<Genome> {
  const recorded = readHistory(history, isEqual);
  let allowance = trialCountMax;
  let step = search.next();
  while (step.done !== true) {
    const batch = step.value.slice(0, allowance).map((trial) => ({ trial, result: recorded.take(trial) }));
    const missing = batch.filter(({ result }) => result === undefined);
    if (missing.length > 0) {
      recorded.assertAllTaken();
      return { kind: 'EVALUATE', trials: missing.map(({ trial }) => trial) };
    }
    allowance -= batch.length;
    if (allowance === 0) break;
    step = search.next(batch.flatMap(({ result }) => result ?? []));
  }
  recorded.assertAllTaken();
  const [best] = history.toSorted((a, b) => a.fitness - b.fitness || byPlace(a, b));
  if (best === undefined) throw new RangeError('the search has asked for no trial');
  return { kind: 'DONE', best };
}
