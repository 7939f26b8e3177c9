import type { Evaluated } from '../replay.js';
import type { Candidate } from './candidate.js';
import { expectedGain } from './expected-gain.js';
import { type FeatureSpace, Surrogate } from './surrogate.js';

/** When a search ends because its next generation promises too little. */
export interface GainRule {
  /** The least expected gain of a generation that is worth its trainings: a difference of fitnesses, in (0, 1). */
  readonly expectedGainMin: number;
  /** The fitness of candidates that cannot be trained: they say nothing of the others. */
  readonly worstFitness: number;
}

/** Candidates beside the elites that must have trained to their end before a search ends by what is expected. */
const ENDED_BESIDE_ELITES_MIN = 2;

/**
 * Whether the next generation may bring a better best, as far as the fitnesses so far say. A rung's loss is no fitness, so
 * only candidates that have trained to their end are learned from.
 *
 * @param batch The candidates that the next generation would try.
 * @param ended All candidates that have a fitness.
 * @returns true also where too few have been trained to tell.
 */
export function promisesGain(
  batch: readonly Candidate[],
  ended: readonly Evaluated<Candidate>[],
  { expectedGainMin, worstFitness }: GainRule,
  space: FeatureSpace & { readonly eliteCount: number },
): boolean {
  const lessons = ended
    .filter(({ fitness }) => fitness < worstFitness)
    .map(({ genome: candidate, fitness }) => ({ candidate, fitness }));
  if (lessons.length < space.eliteCount + ENDED_BESIDE_ELITES_MIN) return true;
  const surrogate = new Surrogate(lessons, space);
  const best = Math.min(...lessons.map(({ fitness }) => fitness));
  const expectations = batch.map((candidate) => surrogate.expect(candidate));
  return expectedGain(best, expectations) >= expectedGainMin;
}
