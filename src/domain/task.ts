import { z } from 'zod';
import { classRecallSchema } from './class-recall.js';
import { artifactSchema } from './artifact.js';
import { datasetClassSchema, datasetIssueSchema, shardSchema, splitConfigSchema } from './dataset/dataset.js';
import { type Failure, failureSchema } from './errors.js';
import { AUGMENTATIONS } from './job/data-config.js';
import { trainingProtocolSchema } from './job/training-protocol.js';
import { runtimeSchema } from './runtime.js';
import { techniqueSchema } from '../methods/method-table.js';
import { seedResultSchema } from './job/trial.js';

/** List, decode and check every image; fix class order; split; pack. The objects are listed through the control connection. */
export const importSpecSchema = z.strictObject({ prefix: z.string(), split: splitConfigSchema });
export type ImportSpec = Readonly<z.infer<typeof importSpecSchema>>;

/** A base model's weights and how to feed it, as a worker needs them. */
export const networkSpecSchema = z.strictObject({
  architecture: z.string(),
  weights: artifactSchema,
  mean: z.array(z.number()).length(3).readonly(),
  std: z.array(z.number()).length(3).readonly(),
  imageSizePx: z.int().positive(),
  classCount: z.int().min(2),
});

/** Packed images that a task may read; a search task is never given the test split's shards. */
export const packSpecSchema = z.strictObject({
  manifest: artifactSchema,
  shards: z.array(shardSchema).min(1).readonly(),
});
export type PackSpec = Readonly<z.infer<typeof packSpecSchema>>;

/** That of a job whose runtime a training has fixed: a worker that runs otherwise refuses the task. */
const runtimeOfJob = runtimeSchema.optional();

export const trainSpecSchema = z.strictObject({
  network: networkSpecSchema,
  pack: packSpecSchema,
  training: trainingProtocolSchema,
  /** Of the training images. */
  augmentation: z.enum(AUGMENTATIONS),
  /** One factor on the base learning rate per block; 0 where frozen. */
  lrMultipliers: z.array(z.number().min(0)).min(1).readonly(),
  technique: techniqueSchema,
  seed: z.int().min(0),
  /** Slice of train and validation, of `foldCount`; 0 of 1 is all. */
  fold: z.int().min(0),
  foldCount: z.int().positive(),
  /** Whether the best epoch's weights are uploaded. */
  keepWeights: z.boolean(),
  runtime: runtimeOfJob,
});
export type TrainSpec = Readonly<z.infer<typeof trainSpecSchema>>;

export const scoreSpecSchema = z.strictObject({
  network: networkSpecSchema,
  pack: packSpecSchema,
  runtime: runtimeOfJob,
});
export type ScoreSpec = Readonly<z.infer<typeof scoreSpecSchema>>;

export const importResultSchema = z.strictObject({
  manifest: artifactSchema,
  shards: z.array(shardSchema).min(1).readonly(),
  classes: z.array(datasetClassSchema).min(2).readonly(),
  imageCount: z.int().positive(),
  sizeBytes: z.int().positive(),
  issues: z.array(datasetIssueSchema).readonly(),
});
export type ImportResult = Readonly<z.infer<typeof importResultSchema>>;

export const trainResultSchema = z.strictObject({
  ...seedResultSchema.omit({ seed: true }).shape,
  /** Present when the task asked to keep them. */
  weights: artifactSchema.optional(),
});
export type TrainResult = Readonly<z.infer<typeof trainResultSchema>>;

/** How a model did on the test split. */
export const scoreFiguresSchema = z.strictObject({
  loss: z.number(),
  accuracy: z.number().min(0).max(1),
  macroAccuracy: z.number().min(0).max(1),
  macroF1: z.number().min(0).max(1),
  calibrationError: z.number().min(0).max(1),
  imageCount: z.int().positive(),
});

/** What of a score grows with the images and classes: a JSON file in object storage. */
export const scoreReportSchema = z.strictObject({
  /** Of the classes that have test images. */
  recalls: z.array(classRecallSchema).min(1).readonly(),
  /** Class index of each image, and the one that the model gave it, in one order for all models of a dataset version. */
  labels: z.array(z.int().min(0)).readonly(),
  predictions: z.array(z.int().min(0)).readonly(),
});
export type ScoreReport = Readonly<z.infer<typeof scoreReportSchema>>;

export const scoreResultSchema = scoreFiguresSchema.extend({
  /** Holds a `ScoreReport`. */
  report: artifactSchema,
});
export type ScoreResult = Readonly<z.infer<typeof scoreResultSchema>>;

/** Figures and report of a score together. */
export type TestScore = Readonly<z.infer<typeof scoreFiguresSchema>> & ScoreReport;

/** What a leased task asks for; exactly one member is present. */
export const taskSpecSchema = z.union([
  z.strictObject({ import: importSpecSchema }),
  z.strictObject({ train: trainSpecSchema }),
  z.strictObject({ score: scoreSpecSchema }),
]);
export type TaskSpec = Readonly<z.infer<typeof taskSpecSchema>>;

/** What a task ended with; the member is the one of its spec. */
export const taskResultSchema = z.union([
  z.strictObject({ import: importResultSchema }),
  z.strictObject({ train: trainResultSchema }),
  z.strictObject({ score: scoreResultSchema }),
]);
export type TaskResult = Readonly<z.infer<typeof taskResultSchema>>;

export const TASK_KIND_NAMES = ['IMPORT', 'TRAIN', 'SCORE'] as const;
export type TaskKind = (typeof TASK_KIND_NAMES)[number];

type Content<T, Member extends string> = T extends Readonly<Record<Member, infer C>> ? C : never;

/** The one member of a spec or a result. @throws {Error} when it is of another kind. */
export function contentOf<T extends TaskSpec | TaskResult, Member extends Lowercase<TaskKind>>(
  of: T,
  member: Member,
): Content<T, Member> {
  const content: unknown = Reflect.get(of, member);
  if (content === undefined) throw new Error(`asked for ${member}, given ${Object.keys(of).join()}`);
  return content as Content<T, Member>;
}

/** The kind that a spec or a result is of. */
export function taskKind(of: TaskSpec | TaskResult): TaskKind {
  if ('import' in of) return 'IMPORT';
  return 'train' in of ? 'TRAIN' : 'SCORE';
}

/** How an attempt ended. `infeasible`: the genome's or the data's fault, not tried again; `fault`: what becomes of it follows from its reason. */
export const taskOutcomeSchema = z.union([
  z.strictObject({ succeeded: taskResultSchema }),
  z.strictObject({ infeasible: failureSchema }),
  z.strictObject({ fault: failureSchema }),
]);
export type TaskOutcome = Readonly<z.infer<typeof taskOutcomeSchema>>;

export const TASK_STATES = ['queued', 'leased', 'succeeded', 'infeasible', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** A unit of leased work, as its row holds it. */
export interface StoredTask {
  readonly id: string;
  /** The job, or `{dataset}/versions/{number}`: workers see the tasks of one scope. */
  readonly scope: string;
  /** Names the task within its scope, so that a repeated insert changes nothing. */
  readonly key: string;
  readonly kind: TaskKind;
  readonly trialId?: string;
  readonly seed?: number;
  readonly spec: TaskSpec;
  readonly state: TaskState;
  readonly notBefore: Date;
  /** Leases given. */
  readonly claims: number;
  /** Tries that ended in a way that may be the genome's fault; its reason says how many there may be. */
  readonly faults: number;
  /** Workers that fell silent while the leader of the scope did not; bounded apart. */
  readonly leaseLosses: number;
  /** Tries that ended because of the infrastructure; they count against nothing. */
  readonly outages: number;
  /** When the first of those tries ended that no progress has come after. */
  readonly outageSince?: Date;
  /** Times that a worker gave the task back untouched. */
  readonly preemptions: number;
  /** Number of the current or last lease; grows across all tasks. */
  readonly fence: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: Date;
  /** Epoch of whoever led the scope when the lease was given. */
  readonly leaderEpoch?: number;
  readonly failure?: Failure;
  readonly result?: TaskResult;
  readonly createTime: Date;
  readonly endTime?: Date;
}
