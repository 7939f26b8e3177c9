import { generationSize, type SearchSizes } from '../methods/generation-size.js';
import { type SearchConfig, foldOf } from './biotune.js';

/** When a search ends before its last generation; a rule that is absent never ends it. */
export interface StopRules {
  /** The validation figure that fitness is 1 minus of: reached by any trial, it ends the search. */
  readonly targetMetricValue?: number | undefined;
  /** Generations without a better fitness that end the search; at least 1. */
  readonly plateauGenerationCount?: number | undefined;
  /** Completed trials that end the search. */
  readonly trialCountMax?: number | undefined;
}

/** Why a search ends before its last generation. NO_EXPECTED_GAIN is found by its plan, the others by `stopReason`. */
export type SearchStopReason = 'TARGET_REACHED' | 'PLATEAU' | 'TRIAL_BUDGET' | 'NO_EXPECTED_GAIN';

/** A completed trial, as far as it matters to whether a search goes on. */
interface Outcome {
  readonly generation: number;
  /** Infinity where the candidate was dropped before its end. */
  readonly fitness: number;
}

type Shape = Pick<SearchConfig, 'populationSize' | 'eliteCount' | 'foldCount' | 'evolution'> &
  Pick<SearchSizes, 'mode'>;

/**
 * Says why a search is over, if it is: by its target, else a plateau, else the number of its trials.
 *
 * @param history Completed trials in any order.
 * @param shape Says when a generation is complete, and which others had its fold.
 */
export function stopReason(
  history: readonly Outcome[],
  { targetMetricValue, plateauGenerationCount, trialCountMax }: StopRules,
  shape: Shape,
): SearchStopReason | undefined {
  if (targetMetricValue !== undefined && reachesTarget(bestFitness(history), targetMetricValue))
    return 'TARGET_REACHED';
  if (plateauGenerationCount !== undefined && stagnation(history, shape) >= plateauGenerationCount) return 'PLATEAU';
  if (trialCountMax !== undefined && history.length >= trialCountMax) return 'TRIAL_BUDGET';
  return undefined;
}

/** Whether a fitness reaches a target: the validation figure that fitness is 1 minus of. */
export const reachesTarget = (fitness: number, targetMetricValue: number): boolean => fitness <= 1 - targetMetricValue;

/**
 * Complete generations since the last that had a better trial than all before it on the same fold; the first on a fold
 * counts as one. On another fold a fitness says nothing: its images may be easier.
 */
function stagnation(history: readonly Outcome[], shape: Shape): number {
  const bests = bestOfCompleteGenerations(history, shape);
  const bestOfFolds = new Map<number, number>();
  let lastImproving = -1;
  for (const [generation, best] of bests.entries()) {
    const fold = foldOf(shape, generation);
    if (best >= (bestOfFolds.get(fold) ?? Infinity)) continue;
    bestOfFolds.set(fold, best);
    lastImproving = generation;
  }
  return bests.length - 1 - lastImproving;
}

/** The best fitness of each generation, from 0 to the last of those without a gap that are complete. */
function bestOfCompleteGenerations(history: readonly Outcome[], shape: Shape): number[] {
  const found = new Map<number, { count: number; best: number }>();
  for (const { generation, fitness } of history) {
    const { count, best } = found.get(generation) ?? { count: 0, best: Infinity };
    found.set(generation, { count: count + 1, best: Math.min(best, fitness) });
  }
  const bests: number[] = [];
  for (;;) {
    const { count, best } = found.get(bests.length) ?? { count: 0, best: Infinity };
    if (count < generationSize(shape, bests.length)) return bests;
    bests.push(best);
  }
}

/** Infinity without one. */
const bestFitness = (history: readonly Outcome[]): number =>
  history.reduce((best, { fitness }) => Math.min(best, fitness), Infinity);
