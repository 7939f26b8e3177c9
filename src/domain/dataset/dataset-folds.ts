import type { DatasetClass, DatasetVersion, SplitCounts } from './dataset.js';
import { DomainError } from '../errors.js';
import type { JudgedFigure } from '../job/evaluation.js';
import { batchSizesOf } from '../../methods/batch-sizes.js';

/** Slices that train and validation are cut into; generation g uses slice g mod this. */
export const foldCountOf = ({ searchFraction }: { readonly searchFraction: number }): number =>
  Math.round(1 / searchFraction);

/** Training and validation images of one fold, the larger ones where they differ; of all for one fold. */
export function imageCountsOf(
  classes: readonly Pick<DatasetClass, 'imageCount'>[],
  foldCount: number,
): Pick<SplitCounts, 'train' | 'validation'> {
  const count = (split: 'train' | 'validation') =>
    classCountsOf(classes, foldCount, split).reduce((sum, ofClass) => sum + ofClass, 0);
  return { train: count('train'), validation: count('validation') };
}

/** Images of each class in one fold, the larger ones where they differ. */
export const classCountsOf = (
  classes: readonly Pick<DatasetClass, 'imageCount'>[],
  foldCount: number,
  split: 'train' | 'validation',
): number[] => classes.map(({ imageCount }) => Math.ceil(imageCount[split] / foldCount));

/**
 * By how much one validation image of a fold moves a figure, at the most: one of all, or for a mean over classes one of the
 * smallest class.
 */
export function imageStepOf(classes: readonly DatasetClass[], foldCount: number, figure: JudgedFigure): number {
  // The last fold is the smallest.
  const counts = classes.map(({ imageCount }) => Math.max(1, Math.floor(imageCount.validation / foldCount)));
  if (figure === 'ACCURACY') return 1 / counts.reduce((sum, count) => sum + count, 0);
  return 1 / Math.min(...counts) / classes.length;
}

/** Training images of the smallest fold: it has what is left of each class when the others have one more. */
const smallestFold = (classes: readonly DatasetClass[], foldCount: number): number =>
  classes.reduce((sum, { imageCount }) => sum + Math.floor(imageCount.train / foldCount), 0);

/**
 * The batch size of a job that names none: its mode's, or all images of the smallest fold where that has fewer.
 *
 * @returns at least 2 for a dataset that `checkDatasetFits` takes: each fold has an image of every class, of at least two.
 */
export const batchSizeOf = (classes: readonly DatasetClass[], foldCount: number, ofMode: number): number =>
  Math.min(ofMode, smallestFold(classes, foldCount));

/** The least number of epochs that have so many steps, on the smallest fold. */
export const epochsOfSteps = (
  classes: readonly DatasetClass[],
  foldCount: number,
  { stepCount, batchSize }: { readonly stepCount: number; readonly batchSize: number },
): number => Math.ceil(stepCount / batchSizesOf(smallestFold(classes, foldCount), batchSize).length);

/** What of a job its dataset must be large enough for. */
export interface DatasetDemands {
  readonly foldCount: number;
  /** What the caller has named. */
  readonly batchSize?: number | undefined;
  /** Where it was named; `training.batchSize` when absent. */
  readonly batchSizeField?: string;
}

/**
 * Refuses a dataset on which no candidate could be trained, before any is.
 *
 * @throws {DomainError} TOO_FEW_IMAGES_PER_CLASS when a fold would lack a class; BATCH_TOO_LARGE when a fold is smaller than a
 *   batch.
 */
export function checkDatasetFits(
  { name, classes }: Pick<DatasetVersion, 'name' | 'classes'>,
  { foldCount, batchSize = 0, batchSizeField = 'training.batchSize' }: DatasetDemands,
): void {
  const thin = classes.find(({ imageCount }) => Math.min(imageCount.train, imageCount.validation) < foldCount);
  if (thin !== undefined) {
    const { label, imageCount } = thin;
    throw new DomainError(
      'TOO_FEW_IMAGES_PER_CLASS',
      `Class ${label} of ${name} has ${imageCount.train} training and ${imageCount.validation} validation images; ` +
        `${foldCount} folds need at least ${foldCount} of each: add images or raise data.searchFraction.`,
      {
        label,
        foldCount: String(foldCount),
        train: String(imageCount.train),
        validation: String(imageCount.validation),
      },
    );
  }
  const smallest = smallestFold(classes, foldCount);
  if (smallest < batchSize) {
    throw new DomainError(
      'BATCH_TOO_LARGE',
      `${batchSizeField} is ${batchSize}, and a fold of ${name} has ${smallest} training images; ` +
        `choose ${smallest} or less, leave it out, or raise data.searchFraction.`,
      { batchSize: String(batchSize), imageCount: String(smallest) },
    );
  }
}
