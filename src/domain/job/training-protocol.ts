import { z } from 'zod';
import { HEAD_INITS } from '../../methods/stage.js';

export const EPOCH_COUNT_MAX = 1000;

export const trainingSchema = z
  .strictObject({
    epochCount: z
      .int()
      .min(1)
      .max(EPOCH_COUNT_MAX)
      .optional()
      .describe('The largest number of epochs of a training, 1 to 1000; when absent 10 in ACCELERATED, 30 elsewhere.'),
    stepCountMin: z
      .int()
      .min(0)
      .max(100_000)
      .optional()
      .describe(
        'The least number of steps of a training, 0 to 100,000: where few images make fewer, the job has more epochs, ' +
          'at most 1000, and `patienceEpochs` and `cosineEpochCount` grow with them where they are as large as ' +
          '`epochCount`; when absent 100 in ACCELERATED, 0 elsewhere.',
      ),
    patienceEpochs: z
      .int()
      .min(1)
      .max(EPOCH_COUNT_MAX)
      .optional()
      .describe(
        'The number of epochs without a better fitness before a training stops, 1 to 1000; when absent `epochCount` in ' +
          'ACCELERATED, 3 elsewhere.',
      ),
    batchSize: z
      .int()
      .min(2)
      .max(4096)
      .optional()
      .describe(
        'The number of images of a batch, 2 to 4096; what the images allow when absent: 96, in ACCELERATED 32, or the ' +
          'smallest fold of the training images.',
      ),
    microBatchSize: z
      .int()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        'The largest number of images in memory at a time, whose gradients are added up, 1 to 4096; the ' +
          'whole batch when absent.',
      ),
    optimizer: z.enum(['ADAM', 'ADAMW', 'SGD']).default('ADAM').describe("The optimizer, as torch's of that name."),
    weightDecay: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'The weight decay, 0 to 1. ADAM and SGD add it times the parameter to the gradient; ADAMW shrinks ' +
          'parameters by the learning rate times it.',
      ),
    momentum: z.number().min(0).lt(1).default(0.9).describe('The momentum of SGD, 0 to below 1.'),
    baseLearningRate: z
      .number()
      .gt(0)
      .max(1)
      .default(1e-3)
      .describe('The learning rate of a block whose multiplier is 1, above 0 and at most 1.'),
    lrSchedule: z
      .enum(['COSINE', 'CONSTANT'])
      .default('COSINE')
      .describe(
        'How the learning rate changes from epoch to epoch. COSINE: along half a cosine, to zero after ' +
          '`cosineEpochCount` epochs. CONSTANT: it does not change.',
      ),
    cosineEpochCount: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'The number of epochs over which the cosine schedule would reach zero, 1 to 100,000; when absent `epochCount` ' +
          'in ACCELERATED, 100 elsewhere.',
      ),
    warmupStepCount: z
      .int()
      .min(0)
      .max(100_000)
      .default(0)
      .describe(
        'The number of steps over which the learning rate climbs to its full height, 0 to 100,000; 0 for none.',
      ),
    headInit: z
      .enum(HEAD_INITS)
      .optional()
      .describe(
        'What the head is when a training begins; RANDOM when absent, and always in the modes of the paper; PROBE in ' +
          'ACCELERATED. RANDOM: drawn at random. PROBE: trained on the features of the pretrained network, as LINEAR_PROBE does; it is the same ' +
          'for all seeds of a phase. FULL_FINE_TUNE, LINEAR_PROBE, GRADUAL_UNFREEZING and LORA begin with RANDOM ' +
          'whatever is said here, LP_FT and LP_BODY with PROBE.',
      ),
    labelSmoothing: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('The share of each target that is spread evenly over all classes, 0 to below 1.'),
    classWeighting: z
      .enum(['NONE', 'BALANCED'])
      .default('NONE')
      .describe(
        'How much the classes count in the loss. NONE: every image counts the same. BALANCED: a class ' +
          'counts in inverse proportion to its share of the training images.',
      ),
    gradientNormMax: z
      .number()
      .gt(0)
      .optional()
      .describe('The length above which all gradients of a step are scaled down together; they never are when absent.'),
    frozenBatchNorm: z
      .enum(['EVAL', 'TRAIN'])
      .optional()
      .describe(
        "What BatchNorm of a frozen block does; the search's mode decides, TRAIN in PAPER and CODE_COMPAT, " +
          "else EVAL, and another is refused. EVAL: it uses the stored statistics. TRAIN: it uses the batch's " +
          "statistics, as the paper's code.",
      ),
  })
  .meta({ id: 'TrainingConfig', description: 'The training protocol of every trial, baseline and final of a job.' });
/** The protocol as a request names it. */
export type TrainingRequest = z.infer<typeof trainingSchema>;

export const jobTrainingSchema = trainingSchema
  .required({
    epochCount: true,
    stepCountMin: true,
    patienceEpochs: true,
    cosineEpochCount: true,
    frozenBatchNorm: true,
    headInit: true,
  })
  .meta({
    id: 'JobTraining',
    description:
      "The protocol in a job's spec; the batch size is absent until the images are imported, unless the " +
      'caller has named one.',
  });
export type JobTraining = Readonly<z.infer<typeof jobTrainingSchema>>;

export const trainingProtocolSchema = jobTrainingSchema
  .omit({ stepCountMin: true })
  .required({ batchSize: true })
  .meta({
    id: 'TrainingProtocol',
    description: 'The protocol that a training runs by: nothing is left to be decided.',
  });
export type TrainingProtocol = Readonly<z.infer<typeof trainingProtocolSchema>>;
