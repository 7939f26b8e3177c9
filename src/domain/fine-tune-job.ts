import { z } from 'zod';
import { baseModelRefSchema } from './base-model.js';
import { classRecallSchema } from './class-recall.js';
import { datasetRefSchema, failureSchema, splitConfigSchema } from './dataset.js';
import { genomeSchema } from './genome.js';
import { runtimeSchema } from './runtime.js';
import { boundedText, seedSchema, timestampSchema } from './text.js';

/** Methods that a user would otherwise pick; each is retrained and scored like the search's winner. */
export const BASELINES = ['FULL_FINE_TUNE', 'LINEAR_PROBE'] as const;
export type Baseline = (typeof BASELINES)[number];

export const METHODS = ['BIOTUNE', ...BASELINES] as const;
/** What decided which parameters train, and how fast. */
export type Method = (typeof METHODS)[number];

/** The settings of the evolution; defaults are the paper's. */
export const biotuneSchema = z
  .strictObject({
    mode: z.enum(['PAPER']).default('PAPER'),
    /** Generations after the initial population. */
    generationCount: z.int().min(0).max(200).default(10),
    populationSize: z.int().min(2).max(200).default(10),
    eliteCount: z.int().min(1).max(100).default(3),
    /** Trainings per genome; its fitness is their mean. */
    seedCount: z.int().min(1).max(10).default(3),
    /** Which validation figure fitness is 1 minus of. */
    fitness: z.enum(['MACRO_ACCURACY', 'ACCURACY', 'MACRO_F1']).default('MACRO_ACCURACY'),
    /** SEQUENTIAL is the reference's order; BATCH_SYNC draws a whole generation at once, so that it trains in parallel. */
    reproduction: z.enum(['SEQUENTIAL', 'BATCH_SYNC']).default('BATCH_SYNC'),
  })
  .meta({ id: 'BiotuneConfig' });
export type BiotuneConfig = Readonly<z.infer<typeof biotuneSchema>>;

export const searchSchema = z
  .strictObject({
    type: z.enum(['BIOTUNE']).default('BIOTUNE'),
    /** Every random draw of the search follows from it; made up and echoed when absent. */
    seed: seedSchema.optional(),
    biotune: biotuneSchema.prefault({}),
  })
  .meta({ id: 'SearchConfig' });

/** The training protocol of every trial, baseline and final of a job. */
export const trainingSchema = z
  .strictObject({
    epochCount: z.int().min(1).max(1000).default(30),
    /** Epochs without a better validation figure before a training stops. */
    patienceEpochs: z.int().min(1).max(1000).default(3),
    batchSize: z.int().min(2).max(4096).default(96),
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
    /** What BatchNorm of a frozen block does: batch statistics (TRAIN, as the paper's code) or the stored ones (EVAL). */
    frozenBatchNorm: z.enum(['EVAL', 'TRAIN']).default('TRAIN'),
  })
  .meta({ id: 'TrainingConfig' });
export type TrainingConfig = Readonly<z.infer<typeof trainingSchema>>;

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

const labelsSchema = z
  .record(boundedText(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= 16, { error: 'at most 16 labels' });

/** Trainings of one search: seeds times genomes. The paper's is 420. */
export const TRAINING_COUNT_MAX = 20_000;

/** Body of `POST /fineTuneJobs`. Two fields are required; everything else has a default. */
export const createFineTuneJobSchema = z
  .strictObject({
    baseModel: baseModelRefSchema,
    dataset: datasetRefSchema,
    externalId: boundedText(128).optional(),
    displayName: boundedText(128).optional(),
    labels: labelsSchema.default({}),
    data: dataSchema.prefault({}),
    training: trainingSchema.prefault({}),
    search: searchSchema.prefault({}),
    baselines: z
      .array(z.enum(BASELINES))
      .max(BASELINES.length)
      .default([...BASELINES]),
    parallelism: z
      .strictObject({
        /** Trainings at once; as many as the launcher has workers for when absent. */
        maxParallelTrialCount: z.int().min(1).max(256).optional(),
      })
      .prefault({}),
    output: z
      .strictObject({
        /** Model that the version is added to; one named after the job when absent. */
        model: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' })
          .optional(),
      })
      .prefault({}),
  })
  .superRefine((job, context) => {
    const { eliteCount, populationSize, generationCount, seedCount } = job.search.biotune;
    const trainingCount = seedCount * (populationSize + generationCount * (populationSize + eliteCount));
    if (trainingCount > TRAINING_COUNT_MAX) {
      context.addIssue({
        code: 'custom',
        path: ['search', 'biotune'],
        message: `the search asks for ${trainingCount} trainings; at most ${TRAINING_COUNT_MAX} are allowed`,
        params: { trainingCount, trainingCountMax: TRAINING_COUNT_MAX },
      });
    }
    if (eliteCount >= populationSize) {
      context.addIssue({
        code: 'custom',
        path: ['search', 'biotune', 'eliteCount'],
        message: `eliteCount is ${eliteCount}; it must be less than populationSize, which is ${populationSize}`,
        params: { reason: 'ELITE_NOT_LESS_THAN_POPULATION', eliteCount, populationSize },
      });
    }
    if (new Set(job.baselines).size !== job.baselines.length) {
      context.addIssue({ code: 'custom', path: ['baselines'], message: 'each baseline may be named once' });
    }
  })
  .meta({ id: 'CreateFineTuneJob' });
export type CreateFineTuneJob = z.infer<typeof createFineTuneJobSchema>;

/** The request with every default filled in: what a job runs by, never changed after creation. */
export const fineTuneJobSpecSchema = z
  .strictObject({
    baseModel: z.string(),
    data: dataSchema.omit({ split: true }).required(),
    training: trainingSchema,
    search: searchSchema.required(),
    baselines: z.array(z.enum(BASELINES)).readonly(),
    parallelism: z.strictObject({ maxParallelTrialCount: z.int().positive().optional() }),
    output: z.strictObject({ model: z.string() }),
  })
  .meta({ id: 'FineTuneJobSpec' });
export type FineTuneJobSpec = Readonly<z.infer<typeof fineTuneJobSpecSchema>>;

export const JOB_STATES = [
  'VALIDATING',
  'QUEUED',
  'RUNNING',
  'CANCELLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TERMINAL_JOB_STATES: readonly JobState[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];

/** Where a running job stands; each phase is entered in one transaction. */
export const JOB_PHASES = ['SEARCHING', 'FINALS', 'SCORING', 'PUBLISHING'] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

export const progressSchema = z
  .strictObject({
    /** 0 to 100, by trainings done. */
    percent: z.number().min(0).max(100),
    phase: z.enum(JOB_PHASES).optional(),
    generation: z.int().min(0),
    generationCount: z.int().min(0),
    /** Trials of the search that have a fitness. */
    completedTrialCount: z.int().min(0),
    runningTrialCount: z.int().min(0),
    /** Trials of the search in all. */
    trialCount: z.int().min(0),
    /** From the mean time of the trainings so far; absent until one has ended. */
    estimatedRemainingSeconds: z.number().min(0).optional(),
  })
  .meta({ id: 'Progress' });
export type Progress = Readonly<z.infer<typeof progressSchema>>;

export const bestTrialSchema = z
  .strictObject({
    trial: z.string(),
    generation: z.int().min(0),
    genome: genomeSchema,
    /** 1 minus the mean validation figure: lower is better. */
    fitness: z.number(),
  })
  .meta({ id: 'BestTrial' });

/** How one method did in the finals: retrained on all training data with fresh seeds. */
export const methodScoreSchema = z
  .strictObject({
    method: z.enum(METHODS),
    trial: z.string(),
    /** Mean over the final seeds. */
    validationAccuracy: z.number(),
    validationMacroAccuracy: z.number(),
    validationMacroF1: z.number(),
    /** Of the one model, best on validation among the seeds, that was scored on the sealed test split. */
    testAccuracy: z.number(),
    testMacroAccuracy: z.number(),
    testMacroF1: z.number(),
    testCalibrationError: z.number(),
    /** Of the classes that have test images. */
    testRecalls: z.array(classRecallSchema).readonly(),
    trainedParameterCount: z.int().min(0),
    totalParameterCount: z.int().positive(),
  })
  .meta({ id: 'MethodScore' });
export type MethodScore = Readonly<z.infer<typeof methodScoreSchema>>;

export const jobResultSchema = z
  .strictObject({
    /** `projects/{project}/models/{model}/versions/{number}` */
    modelVersion: z.string(),
    /** The method that was delivered: the best on validation, be it the search's winner or a baseline. */
    method: z.enum(METHODS),
    /** Best genome of the search. */
    genome: genomeSchema,
    lrMultipliers: z.array(z.number()).readonly(),
    testAccuracy: z.number(),
    testMacroAccuracy: z.number(),
    testMacroF1: z.number(),
    testCalibrationError: z.number(),
    scores: z.array(methodScoreSchema).readonly(),
  })
  .meta({ id: 'JobResult' });
export type JobResult = Readonly<z.infer<typeof jobResultSchema>>;

export const fineTuneJobSchema = z
  .strictObject({
    /** `projects/{project}/fineTuneJobs/{id}` */
    name: z.string(),
    id: z.string(),
    externalId: z.string().optional(),
    displayName: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    /** `projects/{project}/datasets/{id}/versions/{number}` */
    datasetVersion: z.string(),
    spec: fineTuneJobSpecSchema,
    state: z.enum(JOB_STATES),
    /** True in the three terminal states. */
    done: z.boolean(),
    stopReason: z.enum(['COMPLETED', 'USER_CANCELLED', 'ERROR']).optional(),
    progress: progressSchema,
    best: bestTrialSchema.optional(),
    /** How TensorFlow is set up for every training of the job; the first one that completes fixes it. */
    runtime: runtimeSchema.optional(),
    result: jobResultSchema.optional(),
    error: failureSchema.optional(),
    createTime: timestampSchema,
    startTime: timestampSchema.optional(),
    endTime: timestampSchema.optional(),
    updateTime: timestampSchema,
  })
  .meta({ id: 'FineTuneJob' });
export type FineTuneJob = Readonly<z.infer<typeof fineTuneJobSchema>>;
