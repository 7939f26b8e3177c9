import { z } from 'zod';
import type { DatasetClass } from './dataset.js';

export const divisionSchema = z
  .strictObject({
    part: z.int().min(0).describe('The part that the training validates on, from 0; it trains on all others.'),
    partCount: z.int().min(2).describe('The number of parts, at least 2.'),
  })
  .meta({
    id: 'Division',
    description: 'The images of train and validation together, cut into parts anew; none of the test images is in any.',
  });
export type Division = Readonly<z.infer<typeof divisionSchema>>;

/**
 * The number of parts that train and validation are cut into: as many as leave trainings about the images that the
 * dataset's own division gives them.
 *
 * @returns all images over validation images, rounded, and at least 2.
 */
export function partCountOf(classes: readonly Pick<DatasetClass, 'imageCount'>[]): number {
  const { train, validation } = countsOf(classes);
  return Math.max(2, Math.round((train + validation) / validation));
}

/** The training images of the smallest division; fewer by some where images have copies, which stay in one part. */
export function smallestDivision(classes: readonly Pick<DatasetClass, 'imageCount'>[]): number {
  const { train, validation } = countsOf(classes);
  return train + validation - Math.ceil((train + validation) / partCountOf(classes));
}

function countsOf(classes: readonly Pick<DatasetClass, 'imageCount'>[]) {
  const sumOf = (split: 'train' | 'validation') => classes.reduce((sum, { imageCount }) => sum + imageCount[split], 0);
  return { train: sumOf('train'), validation: sumOf('validation') };
}
