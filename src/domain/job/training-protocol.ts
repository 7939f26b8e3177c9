import { z } from 'zod';

/** The training protocol of every trial, baseline and final of a job. */
export const trainingSchema = z
  .strictObject({
    epochCount: z.int().min(1).max(1000).default(30),
    /** Epochs without a better validation figure before a training stops. */
    patienceEpochs: z.int().min(1).max(1000).default(3),
    /** What the images allow when absent: 96, or the smallest fold of the training images. */
    batchSize: z.int().min(2).max(4096).optional(),
    /** At most so many images in memory at a time, their gradients added up; the whole batch when absent. */
    microBatchSize: z.int().min(1).max(4096).optional(),
    /** As torch's of that name. */
    optimizer: z.enum(['ADAM', 'ADAMW', 'SGD']).default('ADAM'),
    /** ADAM and SGD add it times the parameter to the gradient; ADAMW shrinks parameters by rate times it. */
    weightDecay: z.number().min(0).max(1).default(0),
    /** Of SGD alone. */
    momentum: z.number().min(0).lt(1).default(0.9),
    baseLearningRate: z.number().gt(0).max(1).default(1e-3),
    lrSchedule: z.enum(['COSINE', 'CONSTANT']).default('COSINE'),
    /** Epochs over which the cosine schedule would reach zero. */
    cosineEpochCount: z.int().min(1).max(100_000).default(100),
    /** Share of each target that is spread evenly over all classes. */
    labelSmoothing: z.number().min(0).lt(1).default(0),
    /** BALANCED: the loss of a class counts in inverse proportion to its share of the training images. */
    classWeighting: z.enum(['NONE', 'BALANCED']).default('NONE'),
    /** All gradients of a step are scaled down together when they are longer than this; never when absent. */
    gradientNormMax: z.number().gt(0).optional(),
    /**
     * What BatchNorm of a frozen block does: batch statistics (TRAIN, as the paper's code) or the stored ones (EVAL).
     * The search's mode decides, TRAIN in PAPER and CODE_COMPAT, else EVAL; another is refused.
     */
    frozenBatchNorm: z.enum(['EVAL', 'TRAIN']).optional(),
  })
  .meta({ id: 'TrainingConfig' });
/** The protocol as a request names it. */
export type TrainingRequest = z.infer<typeof trainingSchema>;

/** The protocol in a job's spec; the batch size is absent until the images are imported, unless the caller has named one. */
export const jobTrainingSchema = trainingSchema.required({ frozenBatchNorm: true }).meta({ id: 'JobTraining' });
export type JobTraining = Readonly<z.infer<typeof jobTrainingSchema>>;

/** The protocol that a training runs by. */
export const trainingProtocolSchema = jobTrainingSchema.required({ batchSize: true }).meta({ id: 'TrainingProtocol' });
export type TrainingProtocol = Readonly<z.infer<typeof trainingProtocolSchema>>;
