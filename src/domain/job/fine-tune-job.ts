import { z } from 'zod';
import { BASELINES, methodSettingsSchema } from '../../methods/method-table.js';
import { budgetSchema } from './budget.js';
import { dataSchema } from './data-config.js';
import { type Failure, failureSchema } from '../errors.js';
import { evaluationSchema, finalsSchema } from './evaluation.js';
import { genomeSchema } from './genome.js';
import { conditionSchema, type Pause } from './job-condition.js';
import { type JobResult, jobResultSchema } from './job-result.js';
import { JOB_PHASES, JOB_STATES, type JobPhase, type JobState, STOP_REASONS, type StopReason } from './job-state.js';
import { REPRODUCIBILITIES, type Runtime, runtimeSchema } from '../runtime.js';
import { searchSchema } from './search-config.js';
import { timestampSchema } from '../text.js';
import { jobTrainingSchema, type TrainingProtocol } from './training-protocol.js';

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

/** A spec whose images are known, and with them its batch size. */
export type FittedSpec = FineTuneJobSpec & { readonly training: TrainingProtocol };

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
