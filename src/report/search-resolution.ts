import type { DatasetClass } from '../domain/dataset/dataset.js';
import { classCountsOf, imageStepOf, type SearchSlices } from '../domain/dataset/dataset-folds.js';
import { type EvaluationConfig, judgedFigure, type JudgedFigure } from '../domain/job/evaluation.js';
import type { Resolution } from '../domain/job/job-result.js';
import { type Disagreement, disagreement } from '../statistics/disagreement.js';
import { EXPECTED_GAIN } from '../statistics/expected-gain.js';
import {
  ASSUMED_DISAGREEMENT,
  ASSUMED_SEED_DEVIATION,
  macroSize,
  resolvableDifference,
} from '../statistics/resolvable-difference.js';
import { mean } from '../statistics/mean.js';
import { pooledSeedDeviation } from '../statistics/seed-deviation.js';
import type { ScoredFinalist } from './finalist.js';

/** What a search compares candidates on. */
export interface SearchSize extends Pick<EvaluationConfig, 'seedCount'> {
  readonly figure: JudgedFigure;
  /** The images of each class that a candidate is judged on: of validation in one fold, or of all parts together. */
  readonly classCounts: readonly number[];
  /** The step by which one validation image moves the figure that candidates are compared by; see `ComparisonSize`. */
  readonly imageStep: number;
}

/** What the search of a job compares candidates on. */
export function searchSizeOf(
  classes: readonly DatasetClass[],
  { foldCount, partCount }: SearchSlices,
  { seedCount, fitness }: Pick<EvaluationConfig, 'seedCount' | 'fitness'>,
): SearchSize {
  const judgedOn = partCount === undefined ? classes : classes.map(judgedWhole);
  return {
    seedCount,
    figure: judgedFigure(fitness),
    classCounts: classCountsOf(judgedOn, foldCount, 'validation'),
    imageStep: imageStepOf(judgedOn, foldCount, judgedFigure(fitness)),
  };
}

/** A class whose images of train are validated on too, each by a training that did not have it. */
const judgedWhole = ({ imageCount, ...rest }: DatasetClass): DatasetClass => ({
  ...rest,
  imageCount: { ...imageCount, validation: imageCount.train + imageCount.validation },
});

/** How candidates vary. */
interface Variation {
  readonly disagreement: Disagreement;
  /** The deviation is that of the figure which candidates are compared by. */
  readonly seedDeviation: number;
}

/** The differences that a search with so many validation images a fold and seeds a trial can show. */
function resolutionOf(size: SearchSize, { disagreement, seedDeviation }: Variation): Resolution {
  const { seedCount, imageStep } = size;
  const effective = effectiveSize(size, disagreement);
  return {
    imageCount: size.classCounts.reduce((sum, count) => sum + count, 0),
    effectiveImageCount: effective.imageCount,
    seedCount,
    disagreement: effective.disagreement,
    seedDeviation,
    smallestDifference: resolvableDifference({ ...effective, seedCount, seedDeviation, imageStep }),
    expectedGain: EXPECTED_GAIN,
  };
}

/** A class of which no disagreement is known is taken to have that of all images. */
function effectiveSize({ figure, classCounts }: SearchSize, { all, byClass }: Disagreement) {
  if (figure === 'ACCURACY') {
    return { imageCount: classCounts.reduce((sum, count) => sum + count, 0), disagreement: all };
  }
  const classes = classCounts.map((imageCount, index) => ({ imageCount, disagreement: byClass[index] ?? all }));
  return macroSize(classes.filter(({ imageCount }) => imageCount > 0));
}

/** The resolution that is assumed before anything has been measured. */
export const assumedResolution = (size: SearchSize): Resolution =>
  resolutionOf(size, {
    disagreement: { all: ASSUMED_DISAGREEMENT, byClass: [] },
    seedDeviation: ASSUMED_SEED_DEVIATION,
  });

/**
 * The differences that the search could show, from what was measured: how often two methods' models disagree on the test
 * images of each class, and how far the figures of a trial's seeds are apart.
 *
 * @param seedFigures The validation figures of each trial of the search, one per seed: of the figure that `size` names. None
 *   where seeds have images of their own: those differ by more than the seed.
 */
export function measuredResolution(
  finalists: readonly ScoredFinalist[],
  seedFigures: readonly (readonly number[])[],
  size: SearchSize,
): Resolution {
  return resolutionOf(size, {
    disagreement: meanDisagreement(finalists, size.classCounts.length),
    seedDeviation: pooledSeedDeviation(seedFigures) ?? ASSUMED_SEED_DEVIATION,
  });
}

/** The mean over pairs of methods, of the best model of each. */
function meanDisagreement(finalists: readonly ScoredFinalist[], classCount: number): Disagreement {
  const models = finalists.flatMap(({ models: [best] }) => (best === undefined ? [] : [best.test]));
  const pairs = models.flatMap((a, index) => models.slice(index + 1).map((b) => [a, b] as const));
  if (pairs.length === 0) return { all: ASSUMED_DISAGREEMENT, byClass: [] };
  const found = pairs.map(([a, b]) => disagreement(a.predictions, b.predictions, { labels: a.labels, classCount }));
  const ofClass = (index: number) => found.flatMap(({ byClass }) => byClass[index] ?? []);
  return {
    all: mean(found.map(({ all }) => all)),
    byClass: Array.from({ length: classCount }, (_, index) => {
      const shares = ofClass(index);
      return shares.length === 0 ? undefined : mean(shares);
    }),
  };
}

/** Says when a search can be expected to choose by luck. */
export function resolutionWarnings({ smallestDifference, expectedGain, imageCount, seedCount }: Resolution): string[] {
  const { median, low, high } = expectedGain;
  if (smallestDifference <= median) return [];
  const points = (fraction: number) => (100 * fraction).toFixed(1);
  return [
    `With ${imageCount} validation images a fold and ${seedCount === 1 ? 'one seed' : `${seedCount} seeds`}, two candidates must differ by ${points(smallestDifference)} points ` +
      `to be told apart; a search can be expected to gain ${points(median)}, and gained ${points(low)} to ${points(high)} in the paper. It will choose largely by luck: ` +
      'give it more validation images (data.split, or data.searchFraction 1), more seeds, or train a baseline instead.',
  ];
}
