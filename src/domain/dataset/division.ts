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
 * The number of parts that train and validation are cut into: as many as leave each training at least the images that the
 * dataset's own division gives it, so that the job's batch size fits, and about as many.
 *
 * @returns all images over validation images, rounded up, so at least 2.
 */
export function partCountOf(classes: readonly Pick<DatasetClass, 'imageCount'>[]): number {
  const sumOf = (split: 'train' | 'validation') => classes.reduce((sum, { imageCount }) => sum + imageCount[split], 0);
  const validationCount = sumOf('validation');
  return Math.ceil((sumOf('train') + validationCount) / validationCount);
}
