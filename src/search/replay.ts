import type { TrialOrigin } from '../domain/job/trial.js';
import { byPlace, type Known, type Place, placeOf, readHistory, type Result } from './history.js';

/** A completed evaluation of a genome, of whatever kind the search has. */
export interface Evaluated<Genome> extends Place, Result<Genome> {}

/** An evaluation that a search asks for; with equal config, generation and slot it is always the same. */
export interface Planned<Genome> extends Place {
  readonly origin: TrialOrigin;
  readonly genome: Genome;
  /** The slice of the data that it is evaluated on. */
  readonly fold: number;
  /** The rung that its training goes to, from 0; it goes to its end when absent. */
  readonly rung?: number;
}

export type Plan<Genome> =
  | { readonly kind: 'EVALUATE'; readonly trials: readonly Planned<Genome>[] }
  | { readonly kind: 'DONE'; readonly best: Evaluated<Genome> };

/** Yields batches of trials that can run at once, and is sent what they came to, in the order of the batch. */
export type Evolution<Genome, Return, Row = Evaluated<Genome>> = Generator<
  readonly Planned<Genome>[],
  Return,
  readonly Row[]
>;

/** Where a replay takes its results from, and where it ends. */
export interface Recorded<Genome, Row extends Known<Genome>> {
  /** Trials in any order; part of a batch is enough. */
  readonly history: readonly Row[];
  readonly isEqual: (a: Genome, b: Genome) => boolean;
  /** Whether a trial has come as far as a batch asks. */
  readonly hasCome: (row: Row, asked: Planned<Genome>) => boolean;
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
export function replay<Genome, Row extends Known<Genome>>(
  search: Evolution<Genome, void, Row>,
  { history, isEqual, hasCome, trialCountMax }: Recorded<Genome, Row>,
): Plan<Genome> {
  const recorded = readHistory(history, isEqual);
  const places = new Set<string>();
  const isAllowed = (trial: Place) => {
    if (places.size < trialCountMax) places.add(placeOf(trial));
    return places.has(placeOf(trial));
  };
  let step = search.next();
  while (step.done !== true) {
    const batch = step.value.filter(isAllowed).map((trial) => ({ trial, row: recorded.take(trial) }));
    const missing = batch.filter(({ trial, row }) => row === undefined || !hasCome(row, trial));
    if (missing.length > 0) {
      recorded.assertAllTaken();
      return { kind: 'EVALUATE', trials: missing.map(({ trial }) => trial) };
    }
    // Nothing follows the last trial that is allowed, but that those which pause at a rung go on.
    const isLast = places.size === trialCountMax && batch.every(({ trial }) => trial.rung === undefined);
    if (isLast) break;
    step = search.next(batch.flatMap(({ row }) => row ?? []));
  }
  recorded.assertAllTaken();
  const [best] = history.flatMap(evaluated).toSorted((a, b) => a.fitness - b.fitness || byPlace(a, b));
  if (best === undefined) throw new RangeError('the search has asked for no trial');
  return { kind: 'DONE', best };
}

const evaluated = <Genome>({ generation, slot, genome, fitness }: Known<Genome>): Evaluated<Genome>[] =>
  fitness === undefined ? [] : [{ generation, slot, genome, fitness }];
