import { z } from 'zod';
import { splitConfigSchema } from '../dataset/dataset.js';

export const AUGMENTATIONS = ['NONE', 'LIGHT', 'STANDARD'] as const;
/**
 * How training images are varied from epoch to epoch; validation and test images never are. LIGHT flips and cuts a
 * little off; STANDARD cuts more off, and changes brightness, contrast and saturation.
 */
export type Augmentation = (typeof AUGMENTATIONS)[number];

export const dataSchema = z
  .strictObject({
    /** How an `s3://` dataset is divided; refused for a dataset version, which is divided already. */
    split: splitConfigSchema.optional(),
    /** Part of train and of validation that one generation uses; its inverse is the number of folds. */
    searchFraction: z
      .union([z.literal(1), z.literal(0.5), z.literal(0.25), z.literal(0.2), z.literal(0.1)])
      .default(0.5),
    /** Side of the square input; the base model's own when absent. */
    imageSizePx: z.int().min(8).max(1024).optional(),
    /** How training images are varied; the paper does not. A linear probe learns from features that are computed once, so without. */
    augmentation: z.enum(AUGMENTATIONS).default('NONE'),
  })
  .meta({ id: 'DataConfig' });
