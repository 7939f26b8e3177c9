import { z } from 'zod';
import { BASELINES, methodSettingsSchema } from '../../methods/method-table.js';
import { budgetSchema } from './budget.js';
import { dataSchema } from './data-config.js';
import { earlierCandidateSchema, priorCandidateSchema } from './earlier-candidate.js';
import { type Failure, failureSchema } from '../errors.js';
import { jobEvaluationSchema } from './evaluation.js';
import { jobFinalsSchema } from './finals-config.js';
import { genomeSchema } from './genome.js';
import { conditionSchema, type Pause } from './job-condition.js';
import { type JobResult, jobResultSchema } from './job-result.js';
import { JOB_PHASES, JOB_STATES, type JobPhase, type JobState, STOP_REASONS, type StopReason } from './job-state.js';
import { reproducibilitySchema, type Runtime, runtimeSchema } from '../runtime.js';
import { jobSearchSchema } from './search-config.js';
import { timestampSchema } from '../text.js';
import { trialSchema } from './trial.js';
import { jobTrainingSchema, type TrainingProtocol } from './training-protocol.js';

export const fineTuneJobSpecSchema = z
  .strictObject({
    baseModel: z.string().describe('The resource name of the base model.'),
    data: dataSchema.omit({ split: true }).required().describe('How the images are used.'),
    training: jobTrainingSchema.describe('The training protocol of every trial, baseline and final.'),
    search: jobSearchSchema.describe('The search for candidates.'),
    evaluation: jobEvaluationSchema.describe('How a candidate is measured.'),
    warmStartGenomes: z
      .array(genomeSchema)
      .readonly()
      .describe(
        'The best genomes of the jobs in `search.warmStartFrom` when this job was created; none in ACCELERATED.',
      ),
    warmStartCandidates: z
      .array(earlierCandidateSchema)
      .readonly()
      .describe(
        'The best candidates of the jobs in `search.warmStartFrom` when this job was created; in ACCELERATED alone.',
      ),
    priorCandidates: z
      .array(priorCandidateSchema)
      .readonly()
      .describe(
        'The candidates of earlier jobs that `search.priors` has found, nearest first, at most 3; none before the ' +
          'images are imported.',
      ),
    baselines: z
      .array(z.enum(BASELINES))
      .readonly()
      .describe("The methods trained and scored beside the search's winner."),
    methods: methodSettingsSchema.describe('The settings of single methods.'),
    finals: jobFinalsSchema.describe(
      'How the candidates that a search found are told apart, and how methods are reported.',
    ),
    budget: budgetSchema.describe('Where the search ends early.'),
    parallelism: z
      .strictObject({
        parallelTrialCountMax: z
          .int()
          .positive()
          .optional()
          .describe('The largest number of trainings at once; as many as the launcher has workers for when absent.'),
      })
      .describe('How many trainings run at once.'),
    reproducibility: reproducibilitySchema,
    output: z
      .strictObject({ model: z.string().describe('The id of the model that the version is added to.') })
      .describe('What becomes of the winner.'),
  })
  .meta({
    id: 'FineTuneJobSpec',
    description:
      'The request with every default filled in: what a job runs by. What its images decide is filled in ' +
      'once they are imported.',
  });
export type FineTuneJobSpec = Readonly<z.infer<typeof fineTuneJobSpecSchema>>;

/** A spec whose images are known, and with them its batch size. */
export type FittedSpec = FineTuneJobSpec & { readonly training: TrainingProtocol };

export const progressSchema = z
  .strictObject({
    percent: z.number().min(0).max(100).describe('The share of the trainings that are done, 0 to 100.'),
    phase: z
      .enum(JOB_PHASES)
      .optional()
      .describe(
        'What a running job is doing; absent before it runs and once it has ended. SEARCHING: the ' +
          'search tries candidates. SELECTING: the best candidates of each search train on all the data. ' +
          'FINALS: one candidate of each method trains on all the data. RETRAINING: the method that would be ' +
          'delivered trains again, where `finals.retrains` asks for that. SCORING: the models are scored on the ' +
          'test images. PUBLISHING: the files of the model version are written.',
      ),
    generation: z.int().min(0).describe('The generation that the search is in, from 0.'),
    generationCount: z.int().min(0).describe('The number of generations after the initial population.'),
    completedTrialCount: z
      .int()
      .min(0)
      .describe('The number of trials of the search that have a fitness or were dropped.'),
    runningTrialCount: z.int().min(0).describe('The number of trials that are being trained, in all phases.'),
    trialCount: z.int().min(0).describe('The number of trials of the search in all.'),
    estimatedRemainingSeconds: z
      .number()
      .min(0)
      .optional()
      .describe(
        'The number of seconds that the job will still take, from the pace so far; absent until a trial has ' +
          'ended.',
      ),
  })
  .meta({ id: 'Progress', description: 'How far a job has come.' });
export type Progress = Readonly<z.infer<typeof progressSchema>>;

export const bestTrialSchema = z
  .strictObject({
    trial: z.string().describe('The resource name of the trial.'),
    generation: z.int().min(0).describe('The generation that the trial belongs to.'),
    genome: genomeSchema
      .optional()
      .describe('The genome of the trial; absent in ACCELERATED, whose candidates are multipliers.'),
    lrMultipliers: trialSchema.shape.lrMultipliers,
    settings: trialSchema.shape.settings,
    fitness: trialSchema.shape.fitness.unwrap().describe('The fitness of the trial: lower is better.'),
  })
  .meta({ id: 'BestTrial', description: 'The best trial of the search so far.' });

export const fineTuneJobSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `projects/{project}/fineTuneJobs/{id}`.'),
    id: z.string().describe('The id of the job.'),
    externalId: z
      .string()
      .optional()
      .describe("The id of the job in the caller's system; present when the caller gave one."),
    displayName: z.string().optional().describe('The name that people read; present when the caller gave one.'),
    labels: z.record(z.string(), z.string()).describe("Words of the caller's own to tell jobs apart."),
    datasetVersion: z
      .string()
      .describe('The resource name of the dataset version, `projects/{project}/datasets/{id}/versions/{number}`.'),
    spec: fineTuneJobSpecSchema.describe('What the job runs by.'),
    state: z
      .enum(JOB_STATES)
      .describe(
        'Where the job stands. VALIDATING: it waits for the import of its images. QUEUED: it waits for a ' +
          'worker. RUNNING: it is worked on. PAUSING: its running tasks are being taken back. PAUSED: nothing ' +
          'is leased until someone resumes it. CANCELLING: its running tasks are being stopped. SUCCEEDED: ' +
          'its model version is READY. FAILED: `error` says why it ended. CANCELLED: the caller ended it.',
      ),
    done: z.boolean().describe('Whether the job has ended, in one of the three terminal states.'),
    stopReason: z
      .enum(STOP_REASONS)
      .optional()
      .describe(
        'Why the job ended; while it runs, why its search ended early. COMPLETED: everything was tried. ' +
          'TARGET_REACHED: the search ended at `budget.targetMetricValue`, and the best so far went on. ' +
          'PLATEAU: the search ended after `budget.plateauGenerationCount` generations without a better best. ' +
          'TRIAL_BUDGET: the search ended at `budget.trialCountMax`. NO_EXPECTED_GAIN: the search ended before a ' +
          'generation that promised less than `budget.expectedGainMin`. WALL_BUDGET: the search ended at ' +
          '`budget.wallSecondsMax`. GPU_BUDGET: the search ended at `budget.gpuSecondsMax`. USER_CANCELLED: ' +
          'the caller ended the job. ERROR: `error` says why the job ended.',
      ),
    conditions: z.array(conditionSchema).readonly().describe('The conditions that hold; one that is absent does not.'),
    progress: progressSchema.describe('How far the job has come.'),
    best: bestTrialSchema.optional().describe('The best trial of the search so far; absent until one has a fitness.'),
    runtime: runtimeSchema
      .optional()
      .describe('How TensorFlow runs every training of a BITWISE job; the first training that completes fixes it.'),
    result: jobResultSchema.optional().describe('What the job came to; present when SUCCEEDED.'),
    error: failureSchema.optional().describe('Why the job ended badly; present when FAILED.'),
    createTime: timestampSchema.describe('The time at which the job was created, RFC 3339 in UTC.'),
    startTime: timestampSchema.optional().describe('The time at which the job was first worked on, RFC 3339 in UTC.'),
    endTime: timestampSchema.optional().describe('The time at which the job ended, RFC 3339 in UTC.'),
    updateTime: timestampSchema.describe('The time at which the job last changed, RFC 3339 in UTC.'),
  })
  .meta({ id: 'FineTuneJob', description: 'The fine-tuning of one base model on one dataset version.' });
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
