import { z } from 'zod';
import { seedSchema } from '../text.js';
import type { DatasetClass, SplitCounts } from './dataset.js';
import { imageCountsOf } from './dataset-folds.js';

export const divisionSchema = z
  .strictObject({
    part: z.int().min(0).describe('The part that the training validates on, from 0; it trains on all others.'),
    partCount: z.int().min(2).describe('The number of parts, at least 2.'),
    seed: seedSchema
      .optional()
      .describe('The seed of the order in which the images go to the parts; that of the dataset when absent.'),
  })
  .meta({
    id: 'Division',
    description: 'The images of train and validation together, cut into parts anew; none of the test images is in any.',
  });
export type Division = Readonly<z.infer<typeof divisionSchema>>;

/**
 * The number of parts that train and validation are cut into: as many as leave each training at least the images that the
 * dataset's own division gives it, so that the job's batch size fits, and about as many.
 *
 * @returns all images over validation images, rounded up, so at least 2.
 */
export function partCountOf(classes: readonly Pick<DatasetClass, 'imageCount'>[]): number {
  const { train, validation } = imageCountsOf(classes, 1);
  return Math.ceil((train + validation) / validation);
}

/**
 * Training and validation images of a redivided training: the means over the parts, rounded.
 *
 * @param partCount That of the trainings after the search when absent.
 */
export function redividedCountsOf(
  classes: readonly Pick<DatasetClass, 'imageCount'>[],
  partCount = partCountOf(classes),
): Pick<SplitCounts, 'train' | 'validation'> {
  const { train, validation } = imageCountsOf(classes, 1);
  const ofPart = Math.round((train + validation) / partCount);
  return { train: train + validation - ofPart, validation: ofPart };
}
