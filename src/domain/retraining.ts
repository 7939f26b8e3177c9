import { z } from 'zod';
import { EPOCH_COUNT_MAX } from './job/training-protocol.js';

export const retrainingSchema = z
  .strictObject({
    stageEpochCounts: z
      .array(z.int().min(1).max(EPOCH_COUNT_MAX))
      .min(1)
      .readonly()
      .describe(
        `The epochs of each stage of the training, one after the other, 1 to ${EPOCH_COUNT_MAX} each; the last epoch of each counts. ` +
          'A cosine that ends with the epochs of `training` ends with those of the stage.',
      ),
  })
  .meta({
    id: 'Retraining',
    description: 'A training on the images of train and validation together, which leaves none to validate on.',
  });
export type Retraining = Readonly<z.infer<typeof retrainingSchema>>;
