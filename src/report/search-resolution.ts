import type { DatasetClass } from '../domain/dataset/dataset.js';
import { imageCountsOf, imageStepOf } from '../domain/dataset/dataset-folds.js';
import type { EvaluationConfig } from '../domain/job/evaluation.js';
import type { Resolution } from '../domain/job/job-result.js';
import { disagreement } from '../statistics/disagreement.js';
import { EXPECTED_GAIN } from '../statistics/expected-gain.js';
import {
  ASSUMED_DISAGREEMENT,
  ASSUMED_SEED_DEVIATION,
  resolvableDifference,
} from '../statistics/resolvable-difference.js';
import { mean } from '../statistics/mean.js';
import { pooledSeedDeviation } from '../statistics/seed-deviation.js';
import type { ScoredFinalist } from './finalist.js';

/** What a search compares candidates on. */
export interface SearchSize extends Pick<Resolution, 'imageCount' | 'seedCount'> {
  /** The step by which one validation image moves the figure that candidates are compared by; see `ComparisonSize`. */
  readonly imageStep: number;
}

/** What the search of a job compares candidates on. */
export const searchSizeOf = (
  classes: readonly DatasetClass[],
  foldCount: number,
  { seedCount, fitness }: EvaluationConfig,
): SearchSize => ({
  imageCount: imageCountsOf(classes, foldCount).validation,
  seedCount,
  imageStep: imageStepOf(classes, foldCount, fitness),
});

/** The differences that a search with so many validation images a fold and seeds a trial can show. */
export function resolutionOf(
  { imageCount, seedCount, imageStep }: SearchSize,
  { disagreement, seedDeviation }: Pick<Resolution, 'disagreement' | 'seedDeviation'>,
): Resolution {
  const size = { imageCount, seedCount, disagreement, seedDeviation };
  const smallestDifference = resolvableDifference({ ...size, imageStep });
  return { ...size, smallestDifference, expectedGain: EXPECTED_GAIN };
}

/** The resolution that is assumed before anything has been measured. */
export const assumedResolution = (size: SearchSize): Resolution =>
  resolutionOf(size, { disagreement: ASSUMED_DISAGREEMENT, seedDeviation: ASSUMED_SEED_DEVIATION });

/**
 * The differences that the search could show, from what was measured: how often two methods' models disagree on test
 * images, and how far the accuracies of a trial's seeds are apart.
 *
 * @param seedFigures The validation accuracies of each trial of the search, one per seed.
 */
export function measuredResolution(
  finalists: readonly ScoredFinalist[],
  seedFigures: readonly (readonly number[])[],
  size: SearchSize,
): Resolution {
  const models = finalists.flatMap(({ models: [best] }) => (best === undefined ? [] : [best.test]));
  const pairs = models.flatMap((a, index) => models.slice(index + 1).map((b) => [a, b] as const));
  const shares = pairs.map(([a, b]) => disagreement(a.predictions, b.predictions, a.labels));
  return resolutionOf(size, {
    disagreement: shares.length === 0 ? ASSUMED_DISAGREEMENT : mean(shares),
    seedDeviation: pooledSeedDeviation(seedFigures) ?? ASSUMED_SEED_DEVIATION,
  });
}

/** Says when a search can be expected to choose by luck. */
export function resolutionWarnings({ smallestDifference, expectedGain, imageCount, seedCount }: Resolution): string[] {
  if (smallestDifference <= expectedGain) return [];
  const points = (fraction: number) => (100 * fraction).toFixed(1);
  return [
    `With ${imageCount} validation images a fold and ${seedCount === 1 ? 'one seed' : `${seedCount} seeds`}, two candidates must differ by ${points(smallestDifference)} points ` +
      `to be told apart; a search can be expected to gain ${points(expectedGain)}. It will choose largely by luck: ` +
      'give it more validation images (data.split, or data.searchFraction 1), more seeds, or train a baseline instead.',
  ];
}
