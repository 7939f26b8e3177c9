import type { DatasetVersion } from '../domain/dataset.js';
import { DomainError } from '../domain/errors.js';

/** What of a job its dataset must be large enough for. */
export interface DatasetDemands {
  /** Slices of train and of validation that generations take turns with. */
  readonly foldCount: number;
  readonly batchSize: number;
}

/**
 * Refuses a dataset on which no candidate could be trained, before any is.
 *
 * @throws DomainError TOO_FEW_IMAGES_PER_CLASS when a fold would lack a class; BATCH_TOO_LARGE when a fold is smaller than a
 *   batch.
 */
export function checkDatasetFits(
  { name, classes }: Pick<DatasetVersion, 'name' | 'classes'>,
  { foldCount, batchSize }: DatasetDemands,
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
  // The last fold is the smallest: it has what is left of each class when the others have one more.
  const smallest = classes.reduce((sum, { imageCount }) => sum + Math.floor(imageCount.train / foldCount), 0);
  if (smallest < batchSize) {
    throw new DomainError(
      'BATCH_TOO_LARGE',
      `training.batchSize is ${batchSize}, and a fold of ${name} has ${smallest} training images; ` +
        `choose ${smallest} or less, or raise data.searchFraction.`,
      { batchSize: String(batchSize), imageCount: String(smallest) },
    );
  }
}
