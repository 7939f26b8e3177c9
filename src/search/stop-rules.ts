import type { SearchConfig } from './biotune.js';
import { generationSize } from './biotune.js';

/** When a search ends before its last generation; a rule that is absent never ends it. */
export interface StopRules {
  /** The validation figure that fitness is 1 minus of: reached by any trial, it ends the search. */
  readonly targetMetricValue?: number | undefined;
  /** Generations without a better fitness that end the search; at least 1. */
  readonly plateauGenerationCount?: number | undefined;
  /** Completed trials that end the search. */
  readonly maxTrialCount?: number | undefined;
}

export type SearchStopReason = 'TARGET_REACHED' | 'PLATEAU' | 'TRIAL_BUDGET';

/** A completed trial, as far as it matters to whether a search goes on. */
interface Outcome {
  readonly generation: number;
  readonly fitness: number;
}

type Shape = Pick<SearchConfig, 'populationSize' | 'eliteCount'>;

/**
 * Says why a search is over, if it is: by its target, else a plateau, else the number of its trials.
 *
 * @param history Completed trials in any order.
 * @param shape Tells when a generation is complete.
 */
export function stopReason(
  history: readonly Outcome[],
  { targetMetricValue, plateauGenerationCount, maxTrialCount }: StopRules,
  shape: Shape,
): SearchStopReason | undefined {
  if (targetMetricValue !== undefined && bestFitness(history) <= 1 - targetMetricValue) return 'TARGET_REACHED';
  if (plateauGenerationCount !== undefined && stagnation(history, shape) >= plateauGenerationCount) return 'PLATEAU';
  if (maxTrialCount !== undefined && history.length >= maxTrialCount) return 'TRIAL_BUDGET';
  return undefined;
}

/** Complete generations since the one with the best fitness of them all, the earliest of equals; 0 until generation 1. */
function stagnation(history: readonly Outcome[], shape: Shape): number {
  const bests = bestOfCompleteGenerations(history, shape);
  return bests.length === 0 ? 0 : bests.length - 1 - bests.indexOf(Math.min(...bests));
}

/** The best fitness of each generation, from 0 to the last of those without a gap that are complete. */
function bestOfCompleteGenerations(history: readonly Outcome[], shape: Shape): number[] {
  const bests: number[] = [];
  for (;;) {
    const outcomes = history.filter(({ generation }) => generation === bests.length);
    if (outcomes.length < generationSize(shape, bests.length)) return bests;
    bests.push(bestFitness(outcomes));
  }
}

const bestFitness = (outcomes: readonly Pick<Outcome, 'fitness'>[]): number =>
  Math.min(...outcomes.map(({ fitness }) => fitness));
