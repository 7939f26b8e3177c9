import { z } from 'zod';
import { baseModelRefSchema } from './base-model.js';
import { blockConstraintSchema } from './block-constraint.js';
import { datasetRefSchema, splitConfigSchema } from './dataset.js';
import { type Failure, failureSchema } from './errors.js';
import { genomeSchema, SEARCH_MODES } from './genome.js';
import { conditionSchema, type Pause } from './job-condition.js';
import { type JobResult, jobResultSchema } from './job-result.js';
import { BASELINES, type Baseline, methodSettingsSchema } from './method.js';
import { REPRODUCIBILITIES, type Runtime, runtimeSchema } from './runtime.js';
import { boundedText, seedSchema, timestampSchema } from './text.js';

/** The settings of the evolution; defaults are the paper's. */
export const biotuneSchema = z
  .strictObject({
    /**
     * PAPER: the method as published. CODE_COMPAT: what the authors' code does, which ignores the learning rates of the
     * genes. PAPER_FAST: as PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once, and equal
     * candidates trained once.
     */
    mode: z.enum(SEARCH_MODES).default('PAPER_FAST'),
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

/** What each mode says of BatchNorm in frozen blocks. */
export const FROZEN_BATCH_NORM_OF_MODE = {
  PAPER: 'TRAIN',
  CODE_COMPAT: 'TRAIN',
  PAPER_FAST: 'EVAL',
} as const satisfies Record<BiotuneConfig['mode'], 'EVAL' | 'TRAIN'>;

const JOB_NAME = /^projects\/[a-z][a-z0-9-]{1,62}\/fineTuneJobs\/ftj_[0-9A-HJKMNP-TV-Z]{26}$/;

export const searchSchema = z
  .strictObject({
    /** NONE: the baselines alone. */
    type: z.enum(['BIOTUNE', 'NONE']).default('BIOTUNE'),
    /** Every random draw of the search follows from it; made up and echoed when absent. */
    seed: seedSchema.optional(),
    /** Its sizes, seeds and fitness also hold for baselines that try several candidates. */
    biotune: biotuneSchema.prefault({}),
    /** Of BIOTUNE and RANDOM_SEARCH. */
    blockConstraints: z.array(blockConstraintSchema).max(64).readonly().default([]),
    /** Take the first places of generation 0. */
    initialGenomes: z.array(genomeSchema).max(200).readonly().default([]),
    /** Jobs of the project with the same base model, whose best genomes take the next places of generation 0. */
    warmStartFrom: z
      .array(z.string().regex(JOB_NAME, { error: 'must be projects/{project}/fineTuneJobs/{id}' }))
      .max(5)
      .readonly()
      .default([]),
  })
  .meta({ id: 'SearchConfig' });
type SearchRequest = z.infer<typeof searchSchema>;

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
    /**
     * What BatchNorm of a frozen block does: batch statistics (TRAIN, as the paper's code) or the stored ones (EVAL).
     * The search's mode decides, TRAIN in PAPER and CODE_COMPAT, else EVAL; another is refused.
     */
    frozenBatchNorm: z.enum(['EVAL', 'TRAIN']).optional(),
  })
  .meta({ id: 'TrainingConfig' });
type TrainingRequest = z.infer<typeof trainingSchema>;

/** As a job runs it. */
export const trainingProtocolSchema = trainingSchema
  .required({ frozenBatchNorm: true })
  .meta({ id: 'TrainingProtocol' });
export type TrainingProtocol = Readonly<z.infer<typeof trainingProtocolSchema>>;

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

/** How the candidates that a search found are told apart, and how all methods are reported. */
export const finalsSchema = z
  .strictObject({
    /** Best candidates of each search that train on all the data, with further seeds, before one goes on. */
    finalistCount: z.int().min(1).max(10).default(3),
    /** Seeds of that choice, and as many others of the report. */
    seedCount: z.int().min(1).max(10).default(3),
  })
  .meta({ id: 'FinalsConfig' });

/** Where a search ends early, with the best so far. The finals are trained in any case, with the time that they need. */
export const budgetSchema = z
  .strictObject({
    /** From the lease of the job's first task, without pauses; `reserveForFinals` of it is kept for the finals. */
    maxWallSeconds: z.number().gt(0).max(31_536_000).optional(),
    /** Device time of completed trainings, summed over workers; a CPU counts as a device. */
    maxGpuSeconds: z.number().gt(0).max(315_360_000).optional(),
    /** Trials of the search. */
    maxTrialCount: z.int().min(1).max(TRAINING_COUNT_MAX).optional(),
    /** Of the validation figure that fitness is 1 minus of. */
    targetMetricValue: z.number().gt(0).max(1).optional(),
    /** Generations in a row without a better best. */
    plateauGenerationCount: z.int().min(1).max(200).optional(),
    /** Share of the two time budgets that the search leaves to the finals. */
    reserveForFinals: z.number().min(0).max(0.9).default(0.15),
  })
  .meta({ id: 'BudgetConfig' });
export type BudgetConfig = Readonly<z.infer<typeof budgetSchema>>;

/** The parts of a request that must fit each other. */
interface SearchParts {
  readonly search: SearchRequest;
  readonly training: TrainingRequest;
  readonly baselines: readonly Baseline[];
  readonly budget: BudgetConfig;
}

function checkSearch({ search, training, baselines, budget }: SearchParts, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string, params: Record<string, unknown> = {}) =>
    context.addIssue({ code: 'custom', path, message, params });
  const { eliteCount, populationSize, generationCount, seedCount, mode } = search.biotune;
  const wholeTrialCount = populationSize + generationCount * (populationSize + eliteCount);
  const searchCount = Number(search.type === 'BIOTUNE') + Number(baselines.includes('RANDOM_SEARCH'));
  const trainingCount = seedCount * searchCount * Math.min(wholeTrialCount, budget.maxTrialCount ?? Infinity);
  if (trainingCount > TRAINING_COUNT_MAX) {
    const message = `the search asks for ${trainingCount} trainings; at most ${TRAINING_COUNT_MAX} are allowed: lower its sizes, or set budget.maxTrialCount`;
    refuse(['search', 'biotune'], message, { trainingCount, trainingCountMax: TRAINING_COUNT_MAX });
  }
  if (eliteCount >= populationSize) {
    refuse(
      ['search', 'biotune', 'eliteCount'],
      `eliteCount is ${eliteCount}; it must be less than populationSize, which is ${populationSize}`,
      { reason: 'ELITE_NOT_LESS_THAN_POPULATION', eliteCount, populationSize },
    );
  }
  const givenCount = search.initialGenomes.length + search.warmStartFrom.length;
  if (givenCount > populationSize) {
    const message = `initialGenomes and warmStartFrom give ${givenCount} genomes; populationSize is ${populationSize}`;
    const field = search.initialGenomes.length > 0 ? 'initialGenomes' : 'warmStartFrom';
    refuse(['search', field], message, { givenCount, populationSize });
  }
  const { frozenBatchNorm } = training;
  const ofMode = FROZEN_BATCH_NORM_OF_MODE[mode];
  if (frozenBatchNorm !== undefined && frozenBatchNorm !== ofMode) {
    const message = `frozenBatchNorm is ${frozenBatchNorm}; mode ${mode} goes with ${ofMode}: leave it out, or change search.biotune.mode`;
    refuse(['training', 'frozenBatchNorm'], message, { frozenBatchNorm, mode });
  }
}

function checkBaselines({ search, baselines }: SearchParts, context: z.RefinementCtx): void {
  if (new Set(baselines).size !== baselines.length) {
    context.addIssue({ code: 'custom', path: ['baselines'], message: 'each baseline may be named once' });
  }
  if (search.type === 'NONE' && baselines.length === 0) {
    const message = 'search.type is NONE and baselines is empty, so there is nothing to train: name a baseline';
    context.addIssue({ code: 'custom', path: ['baselines'], message });
  }
}

/** What is only of use to the evolution is refused without it, instead of being ignored. */
function checkUnused({ search, budget }: SearchParts, context: z.RefinementCtx): void {
  if (search.type === 'BIOTUNE') return;
  const unused = [
    ...(['initialGenomes', 'warmStartFrom'] as const)
      .filter((field) => search[field].length > 0)
      .map((field) => ['search', field]),
    ...(['targetMetricValue', 'plateauGenerationCount'] as const)
      .filter((field) => budget[field] !== undefined)
      .map((field) => ['budget', field]),
  ];
  for (const path of unused) {
    const message = `${path.join('.')} is of the BIOTUNE search, and search.type is NONE: leave it out`;
    context.addIssue({ code: 'custom', path, message });
  }
}

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
    baselines: z.array(z.enum(BASELINES)).max(BASELINES.length).default(['FULL_FINE_TUNE', 'LINEAR_PROBE']),
    methods: methodSettingsSchema.prefault({}),
    finals: finalsSchema.prefault({}),
    budget: budgetSchema.prefault({}),
    parallelism: z
      .strictObject({
        /** Trainings at once; as many as the launcher has workers for when absent. */
        maxParallelTrialCount: z.int().min(1).max(256).optional(),
      })
      .prefault({}),
    /** The deployment's default when absent: BITWISE in standalone, else RECORDED. */
    reproducibility: z.enum(REPRODUCIBILITIES).optional(),
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
  .superRefine(checkSearch)
  .superRefine(checkBaselines)
  .superRefine(checkUnused)
  .meta({ id: 'CreateFineTuneJob' });
export type CreateFineTuneJob = z.infer<typeof createFineTuneJobSchema>;

/** The request with every default filled in: what a job runs by, never changed after creation. */
export const fineTuneJobSpecSchema = z
  .strictObject({
    baseModel: z.string(),
    data: dataSchema.omit({ split: true }).required(),
    training: trainingProtocolSchema,
    search: searchSchema.required(),
    /** Those of `search.warmStartFrom` when the job was created. */
    warmStartGenomes: z.array(genomeSchema).readonly(),
    baselines: z.array(z.enum(BASELINES)).readonly(),
    methods: methodSettingsSchema,
    finals: finalsSchema,
    budget: budgetSchema,
    parallelism: z.strictObject({ maxParallelTrialCount: z.int().positive().optional() }),
    reproducibility: z.enum(REPRODUCIBILITIES),
    output: z.strictObject({ model: z.string() }),
  })
  .meta({ id: 'FineTuneJobSpec' });
export type FineTuneJobSpec = Readonly<z.infer<typeof fineTuneJobSpecSchema>>;

export const JOB_STATES = [
  'VALIDATING',
  'QUEUED',
  'RUNNING',
  'PAUSING',
  'PAUSED',
  'CANCELLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TERMINAL_JOB_STATES: readonly JobState[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];

/** Where a running job stands; each phase is entered in one transaction. */
export const JOB_PHASES = ['SEARCHING', 'SELECTING', 'FINALS', 'SCORING', 'PUBLISHING'] as const;
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
    /** From the pace so far; absent until a trial has ended. */
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

export const STOP_REASONS = [
  'COMPLETED',
  /** The search ended early; the best so far went on. */
  'TARGET_REACHED',
  'PLATEAU',
  'TRIAL_BUDGET',
  'WALL_BUDGET',
  'GPU_BUDGET',
  'USER_CANCELLED',
  'ERROR',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

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
    /** Why the job ended; while it runs, why its search ended early. */
    stopReason: z.enum(STOP_REASONS).optional(),
    /** Those that hold; one that is absent does not. */
    conditions: z.array(conditionSchema).readonly(),
    progress: progressSchema,
    best: bestTrialSchema.optional(),
    /** How TensorFlow runs every training of a BITWISE job; the first one that completes fixes it. */
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

/** A job as its row holds it: without what its trials and tasks tell. */
export interface StoredFineTuneJob {
  readonly id: string;
  readonly project: string;
  readonly externalId?: string;
  readonly displayName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly datasetId: string;
  readonly datasetVersion: number;
  readonly spec: FineTuneJobSpec;
  /** A coordinator with another version of the search refuses the job. */
  readonly algorithmVersion: number;
  readonly state: JobState;
  readonly phase?: JobPhase;
  /** Why the job is PAUSING or PAUSED; kept when it is cancelled then. */
  readonly pause?: Pause;
  /** Why the coordinator cannot do its own part of the job, as long as it cannot. */
  readonly outage?: Failure;
  readonly outageSince?: Date;
  /** Seconds that the job has been worked on, up to its last pause. */
  readonly activeSeconds: number;
  /** When its first task since then was leased; absent until that, and while the job is paused. */
  readonly activeSince?: Date;
  /** Fixed by the first training that completes. */
  readonly runtime?: Runtime;
  readonly stopReason?: StopReason;
  readonly result?: JobResult;
  readonly error?: Failure;
  readonly createTime: Date;
  readonly startTime?: Date;
  readonly endTime?: Date;
  readonly updateTime: Date;
}

/** The first answer to a request with an idempotency key. */
export interface IdempotencyKey {
  readonly project: string;
  readonly key: string;
  /** SHA-256 of the canonical request. */
  readonly requestSha256: string;
  readonly jobId: string;
}
