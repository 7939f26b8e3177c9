import { z } from 'zod';
import { classRecallSchema } from './class-recall.js';
import { failureSchema, datasetClassSchema, datasetIssueSchema, splitConfigSchema, SPLITS } from './dataset.js';
import { AUGMENTATIONS } from './data-config.js';
import { trainingProtocolSchema } from './training-protocol.js';
import { runtimeSchema } from './runtime.js';
import { techniqueSchema } from './technique.js';
import { sha256Schema } from './text.js';
import { seedResultSchema } from './trial.js';

/** Bytes in object storage, named by what they are. */
export const artifactSchema = z.strictObject({ sha256: sha256Schema, sizeBytes: z.int().min(0) });
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;

/** Encoded images of one split, one after the other; the manifest says where each begins. */
export const shardSchema = artifactSchema.extend({ split: z.enum(SPLITS), imageCount: z.int().positive() });
export type Shard = Readonly<z.infer<typeof shardSchema>>;

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

/** How an attempt ended. `infeasible`: the genome's or the data's fault, not tried again; `fault`: see `FAULT_POLICY`. */
export const taskOutcomeSchema = z.union([
  z.strictObject({ succeeded: taskResultSchema }),
  z.strictObject({ infeasible: failureSchema }),
  z.strictObject({ fault: failureSchema }),
]);
export type TaskOutcome = Readonly<z.infer<typeof taskOutcomeSchema>>;

export const TASK_STATES = ['queued', 'leased', 'succeeded', 'infeasible', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];
