import { z } from 'zod';
import { budgetSchema } from './budget.js';
import { dataSchema } from './data-config.js';
import { failureSchema } from './dataset.js';
import { evaluationSchema, finalsSchema } from './evaluation.js';
import { genomeSchema } from './genome.js';
import { conditionSchema } from './job-condition.js';
import { jobResultSchema } from './job-result.js';
import { BASELINES, methodSettingsSchema } from './method.js';
import { REPRODUCIBILITIES, runtimeSchema } from './runtime.js';
import { type BiotuneConfig, searchSchema } from './search-config.js';
import { timestampSchema } from './text.js';
import { jobTrainingSchema } from './training-protocol.js';

/** What each mode says of BatchNorm in frozen blocks. */
export const FROZEN_BATCH_NORM_OF_MODE = {
  PAPER: 'TRAIN',
  CODE_COMPAT: 'TRAIN',
  PAPER_FAST: 'EVAL',
} as const satisfies Record<BiotuneConfig['mode'], 'EVAL' | 'TRAIN'>;

/** The request with every default filled in: what a job runs by. What its images decide is filled in once they are imported. */
export const fineTuneJobSpecSchema = z
  .strictObject({
    baseModel: z.string(),
    data: dataSchema.omit({ split: true }).required(),
    training: jobTrainingSchema,
    search: searchSchema.required(),
    evaluation: evaluationSchema,
    /** Those of `search.warmStartFrom` when the job was created. */
    warmStartGenomes: z.array(genomeSchema).readonly(),
    baselines: z.array(z.enum(BASELINES)).readonly(),
    methods: methodSettingsSchema,
    finals: finalsSchema,
    budget: budgetSchema,
    parallelism: z.strictObject({ parallelTrialCountMax: z.int().positive().optional() }),
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
