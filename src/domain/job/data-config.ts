import { z } from 'zod';
import { splitConfigSchema } from '../dataset/dataset.js';

export const AUGMENTATIONS = ['NONE', 'LIGHT', 'STANDARD'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

export const dataSchema = z
  .strictObject({
    split: splitConfigSchema
      .optional()
      .describe('How an `s3://` dataset is divided; refused for a dataset version, which is divided already.'),
    searchFraction: z
      .union([z.literal(1), z.literal(0.5), z.literal(0.25), z.literal(0.2), z.literal(0.1)])
      .optional()
      .describe(
        'The part of train and of validation that one generation uses: 1, 0.5, 0.25, 0.2 or 0.1; when ' +
          'absent 1 in ACCELERATED, 0.5 elsewhere. Its inverse is the number of folds.',
      ),
    imageSizePx: z
      .int()
      .min(8)
      .max(1024)
      .optional()
      .describe("The side of the square input, in pixels, 8 to 1024; the base model's own when absent."),
    augmentation: z
      .enum(AUGMENTATIONS)
      .default('NONE')
      .describe(
        'How training images are varied from epoch to epoch. Validation and test images never are varied, ' +
          'nor are the images of a linear probe, which learns from features that are computed once. LIGHT: a ' +
          'flip, and a crop of 80 % of the area or more. STANDARD: a flip, a crop of a quarter of the area or ' +
          'more, and other brightness, contrast and saturation.',
      ),
  })
  .meta({ id: 'DataConfig', description: "How a job's images are divided and used." });
