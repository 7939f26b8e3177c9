import { median } from '../../statistics/median.js';
import type { Place } from '../history.js';
import { openStream } from '../rng.js';
import { rankCorrelation } from './rank-correlation.js';

/** Epochs of the first rung, and how many times those of a rung the next one has. */
const FIRST_EPOCH_COUNT = 3;
const FACTOR = 3;

/** A candidate is never dropped for so small a difference in loss: at 0.03 a rung has kept the wrong half. */
const LOSS_MARGIN = 0.03;
/** The share of the candidates below the cut that go on all the same, to show what the rung would have lost. */
const AUDIT_CHANCE = 0.1;

/** A rung is judged by so many candidates that passed it and ended, and drops nobody if its loss says less than this. */
const PASSED_COUNT_MIN = 6;
const RANK_CORRELATION_MIN = 0.3;

/**
 * The epochs after which trainings pause, the rungs: 3, 9, 27 and so on, as far as at least half of the training is left to
 * save.
 *
 * @param epochCount Epochs of a whole training.
 */
export function rungEpochCounts(epochCount: number): number[] {
  const rungs: number[] = [];
  for (let rung = FIRST_EPOCH_COUNT; rung <= epochCount / 2; rung *= FACTOR) rungs.push(rung);
  return rungs;
}

/** A candidate at a rung, with the mean validation loss of its trainings there. */
export interface AtRung extends Place {
  readonly loss: number;
}

/** A candidate that came to a rung in its time, and has trained to its end. */
export interface Passed extends Pick<Place, 'generation'> {
  readonly loss: number;
  readonly fitness: number;
}

/** What becomes of a candidate at a rung. */
export interface Judgement extends AtRung {
  /** The rung, from 0. */
  readonly rung: number;
  /** The median of the generation's losses there, or of all that were seen there by then if that is lower. */
  readonly cut: number;
  /** AUDITED: it goes on although its loss is beyond the cut. */
  readonly verdict: 'PROMOTED' | 'AUDITED' | 'DROPPED';
}

/**
 * Judges the candidates of one generation at a rung, as successive halving does (Jamieson and Talwalkar, arXiv 1502.07943), but
 * a generation must also keep up with all before it, and there are a margin and audits.
 *
 * @param candidates At least one, all of the generation that came there.
 * @param earlier The losses there of earlier generations, and what became of the candidates that went on.
 * @param seed The search's.
 */
export function judge(
  candidates: readonly AtRung[],
  earlier: { readonly losses: readonly number[]; readonly passed: readonly Passed[] },
  { seed, rung }: { readonly seed: number; readonly rung: number },
): Judgement[] {
  const losses = candidates.map(({ loss }) => loss);
  const cut = Math.min(median(losses), median([...earlier.losses, ...losses]));
  const isRanking = ranks(earlier.passed);
  const verdictOf = (candidate: AtRung): Judgement['verdict'] => {
    if (!isRanking || candidate.loss <= cut + LOSS_MARGIN) return 'PROMOTED';
    return isAudited(candidate, seed, rung) ? 'AUDITED' : 'DROPPED';
  };
  return candidates.map((candidate) => ({ ...candidate, rung, cut, verdict: verdictOf(candidate) }));
}

/** Whether a rung's loss has told candidates apart, after each generation so far: one that once has not is not believed again. */
export function ranks(passed: readonly Passed[]): boolean {
  const generations = new Set(passed.map(({ generation }) => generation));
  return [...generations].every((latest) => {
    const known = passed.filter(({ generation }) => generation <= latest);
    if (known.length < PASSED_COUNT_MIN) return true;
    const correlation = rankCorrelation(known.map(({ loss, fitness }) => [loss, fitness]));
    return correlation === undefined || correlation >= RANK_CORRELATION_MIN;
  });
}

/** One draw of the place's stream for each rung. */
function isAudited({ generation, slot }: Place, seed: number, rung: number): boolean {
  const rng = openStream({ seed, purpose: 'AUDIT', generation, slot });
  for (let below = 0; below < rung; below += 1) rng.next();
  return rng.next() < AUDIT_CHANCE;
}
