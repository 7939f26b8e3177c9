import { z } from 'zod';
import { AUGMENTATIONS, dataSchema } from './data-config.js';
import { trainingSchema } from './training-protocol.js';

/** The most choices that a setting may have. */
const CHOICE_COUNT_MAX = 16;

const { baseLearningRate, epochCount, labelSmoothing, weightDecay, batchSize } = trainingSchema.shape;
const { imageSizePx } = dataSchema.shape;

/** A range of a setting: its bounds are those of the setting itself. */
const rangeOf = (bound: z.ZodNumber, text: { readonly id: string; readonly what: string; readonly bounds: string }) =>
  z
    .strictObject({
      min: bound.describe(`The least, ${text.bounds}.`),
      max: bound.describe(`The most, ${text.bounds}.`),
    })
    .superRefine(({ min, max }, context) => {
      if (min <= max) return;
      context.addIssue({
        code: 'custom',
        message: `min is ${min} and max is ${max}; min must be at most max: exchange them`,
      });
    })
    .meta({ id: text.id, description: text.what });

const baseLearningRateRangeSchema = rangeOf(baseLearningRate.unwrap(), {
  id: 'BaseLearningRateRange',
  what: 'The base learning rates that a search tries, evenly on a log scale.',
  bounds: 'above 0 and at most 1',
});

const epochCountRangeSchema = rangeOf(epochCount.unwrap(), {
  id: 'EpochCountRange',
  what: 'The numbers of epochs that a search tries, each as likely.',
  bounds: '1 to 1000',
});

const labelSmoothingRangeSchema = rangeOf(labelSmoothing.unwrap(), {
  id: 'LabelSmoothingRange',
  what: 'The label smoothing that a search tries, evenly.',
  bounds: '0 to below 1',
});

/** Not 0, which a log scale does not have. */
const weightDecayRangeSchema = rangeOf(weightDecay.unwrap().gt(0), {
  id: 'WeightDecayRange',
  what: 'The weight decay that a search tries, evenly on a log scale; 1e-6 is next to none.',
  bounds: 'above 0 and at most 1',
});

/** @param countMin The fewest choices: 1 in a request that names any, 0 in a spec, where none are a setting that is fixed. */
const choicesOf = <Value extends z.ZodType>(value: Value, countMin: 0 | 1) =>
  z
    .array(value)
    .min(countMin)
    .max(CHOICE_COUNT_MAX)
    .refine((choices) => new Set(choices).size === choices.length, { error: 'each choice may be named once' })
    .readonly()
    .default([]);

const choiceFields = (countMin: 0 | 1) => ({
  augmentation: choicesOf(z.enum(AUGMENTATIONS), countMin).describe(
    'The choices of `data.augmentation`, all different; fixed when absent.',
  ),
  imageSizePx: choicesOf(imageSizePx.unwrap(), countMin).describe(
    'The choices of `data.imageSizePx`, at most 16, all different; a move goes to a neighbour in this order. Fixed when absent.',
  ),
  batchSize: choicesOf(batchSize.unwrap(), countMin).describe(
    'The choices of `training.batchSize`, at most 16, all different; a move goes to a neighbour in this order. Fixed when absent.',
  ),
});

export const searchSpaceSchema = z
  .strictObject({
    baseLearningRate: baseLearningRateRangeSchema
      .optional()
      .describe('The range of `training.baseLearningRate`; fixed when absent.'),
    epochCount: epochCountRangeSchema
      .optional()
      .describe(
        'The range of `training.epochCount`; fixed when absent. `patienceEpochs` and `cosineEpochCount` follow it ' +
          'where they are as many as `training.epochCount`.',
      ),
    labelSmoothing: labelSmoothingRangeSchema
      .optional()
      .describe('The range of `training.labelSmoothing`; fixed when absent.'),
    weightDecay: weightDecayRangeSchema.optional().describe('The range of `training.weightDecay`; fixed when absent.'),
    ...choiceFields(1),
  })
  .meta({
    id: 'SearchSpace',
    description:
      'The settings that candidates of ACCELERATED, and of RANDOM_SEARCH beside it, differ in, beside their blocks. ' +
      'What is absent is fixed by `training` and `data`.',
  });

export const jobSearchSpaceSchema = searchSpaceSchema.extend(choiceFields(0)).meta({
  id: 'JobSearchSpace',
  description: 'The settings that candidates differ in; one that is absent or has no choices is fixed.',
});
export type SearchSpace = Readonly<z.infer<typeof jobSearchSpaceSchema>>;

/** Whether a space leaves any setting open. */
export const isOpenSpace = (space: SearchSpace): boolean =>
  Object.values(space).some((values) => values !== undefined && !(Array.isArray(values) && values.length === 0));
