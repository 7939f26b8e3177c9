import type { DatasetClass, DatasetVersion, SplitCounts } from './dataset.js';
import { DomainError } from '../errors.js';
import type { EvaluationConfig, JudgedFigure } from '../job/evaluation.js';
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

/** How the trainings of a search have their images. */
export interface SearchSlices {
  /** Slices that train and validation are cut into. */
  readonly foldCount: number;
  /** The parts that all images are divided into anew, one for each training of a candidate; they are not when absent. */
  readonly partCount?: number;
}

/** How the trainings of a job's search have their images. */
export const searchSlicesOf = ({
  data,
  evaluation: { division, seedCount },
}: {
  readonly data: { readonly searchFraction: number };
  readonly evaluation: Pick<EvaluationConfig, 'division' | 'seedCount'>;
}): SearchSlices => ({ foldCount: foldCountOf(data), ...(division === 'REDIVIDED' && { partCount: seedCount }) });

/**
 * Training images of the smallest training of a job: the smallest fold has what is left of each class when the others have one
 * more, and where all images are divided anew, the largest part is left out of all.
 */
function fewestTrainingImages(classes: readonly DatasetClass[], { foldCount, partCount }: SearchSlices): number {
  const ofFold = classes.reduce((sum, { imageCount }) => sum + Math.floor(imageCount.train / foldCount), 0);
  if (partCount === undefined) return ofFold;
  const all = classes.reduce((sum, { imageCount }) => sum + imageCount.train + imageCount.validation, 0);
  return Math.min(ofFold, all - Math.ceil(all / partCount));
}

/**
 * The batch size of a job that names none: its mode's, or all images of the smallest training where that has fewer.
 *
 * @returns at least 2 for a dataset that `checkDatasetFits` takes: each fold has an image of every class, of at least two.
 */
export const batchSizeOf = (classes: readonly DatasetClass[], slices: SearchSlices, ofMode: number): number =>
  Math.min(ofMode, fewestTrainingImages(classes, slices));

/** The least number of epochs that have so many steps, in the smallest training. */
export const epochsOfSteps = (
  classes: readonly DatasetClass[],
  slices: SearchSlices,
  { stepCount, batchSize }: { readonly stepCount: number; readonly batchSize: number },
): number => Math.ceil(stepCount / batchSizesOf(fewestTrainingImages(classes, slices), batchSize).length);

/** What of a job its dataset must be large enough for. */
export interface DatasetDemands extends SearchSlices {
  /** What the caller has named. */
  readonly batchSize?: number | undefined;
  /** Where it was named; `training.batchSize` when absent. */
  readonly batchSizeField?: string;
}

/**
 * Refuses a dataset on which no candidate could be trained, before any is.
 *
 * @throws {DomainError} TOO_FEW_IMAGES_PER_CLASS when a fold or a part would lack a class; BATCH_TOO_LARGE when a training has
 *   fewer images than a batch.
 */
export function checkDatasetFits(
  { name, classes }: Pick<DatasetVersion, 'name' | 'classes'>,
  { batchSize = 0, batchSizeField = 'training.batchSize', ...slices }: DatasetDemands,
): void {
  const { foldCount, partCount = 1 } = slices;
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
  const rare = classes.find(({ imageCount }) => imageCount.train + imageCount.validation < partCount);
  if (rare !== undefined) throw tooFewForParts(name, rare, partCount);
  const smallest = fewestTrainingImages(classes, slices);
  if (smallest < batchSize) {
    const [where, remedy] =
      slices.partCount === undefined
        ? ['a fold', 'raise data.searchFraction']
        : ['a training of the search', 'raise evaluation.seedCount'];
    throw new DomainError(
      'BATCH_TOO_LARGE',
      `${batchSizeField} is ${batchSize}, and ${where} of ${name} has ${smallest} training images; ` +
        `choose ${smallest} or less, leave it out, or ${remedy}.`,
      { batchSize: String(batchSize), imageCount: String(smallest) },
    );
  }
}

function tooFewForParts(name: string, { label, imageCount }: DatasetClass, partCount: number): DomainError {
  const { train, validation } = imageCount;
  return new DomainError(
    'TOO_FEW_IMAGES_PER_CLASS',
    `Class ${label} of ${name} has ${train + validation} images in train and validation; the ${partCount} parts of ` +
      'evaluation.division REDIVIDED need one each: add images or lower evaluation.seedCount.',
    { label, partCount: String(partCount), train: String(train), validation: String(validation) },
  );
}
