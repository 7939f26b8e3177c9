import { z } from 'zod';
import { failureSchema } from '../domain/errors.js';
import { runtimeSchema } from '../domain/runtime.js';
import {
  scoreFiguresSchema,
  scoreReportSchema,
  scoreSpecSchema,
  soupResultSchema,
  soupSpecSchema,
  soupTrySchema,
  trainResultSchema,
  trainSpecSchema,
} from '../domain/task.js';
import { validationPredictionsSchema } from '../domain/validation-predictions.js';

/** One split's images as a local file of decoded pixels, uint8 [count, sizePx, sizePx, 3]. */
const splitFileSchema = z.object({
  path: z.string(),
  /** One class index per image, in the order of the file. */
  labels: z.instanceof(Int32Array),
  /** For each image the place of the first one with the same bytes: its own where none before it has them. */
  firstCopies: z.instanceof(Int32Array),
});
export type SplitFile = Readonly<z.infer<typeof splitFileSchema>>;

const trainRequestSchema = z.object({
  type: z.literal('train'),
  spec: trainSpecSchema,
  weightsPath: z.string(),
  train: splitFileSchema,
  validation: splitFileSchema,
  /** Where the best epoch's weights go; absent when nobody wants them. */
  outputPath: z.string().optional(),
  /** The file of the checkpoint that the training goes on from; absent when it begins anew. */
  resumePath: z.string().optional(),
  /** Where the checkpoint goes if the training pauses; absent when it is not to. */
  checkpointPath: z.string().optional(),
});
export type TrainRequest = Readonly<z.infer<typeof trainRequestSchema>>;

const scoreRequestSchema = z.object({
  type: z.literal('score'),
  spec: scoreSpecSchema,
  weightsPath: z.string(),
  test: splitFileSchema,
});
export type ScoreRequest = Readonly<z.infer<typeof scoreRequestSchema>>;

const soupRequestSchema = z.object({
  type: z.literal('soup'),
  spec: soupSpecSchema,
  /** The weight files of the members, the best first. */
  memberPaths: z.tuple([z.string()], z.string()),
  train: splitFileSchema,
  validation: splitFileSchema,
  /** Where the weights of the mean go. */
  outputPath: z.string(),
});
export type SoupRequest = Readonly<z.infer<typeof soupRequestSchema>>;

/** Asks a new trainer for nothing but to start TensorFlow. */
const checkRequestSchema = z.object({ type: z.literal('check') });

/** What the supervisor asks of the trainer, one at a time. */
export const trainerRequestSchema = z.discriminatedUnion('type', [
  checkRequestSchema,
  trainRequestSchema,
  scoreRequestSchema,
  soupRequestSchema,
]);
export type TrainerRequest = z.infer<typeof trainerRequestSchema>;

const epochSchema = z.object({
  /** The epoch of the training, from 1. */
  epoch: z.int().positive(),
  trainLoss: z.number(),
  validationLoss: z.number().optional(),
  validationAccuracy: z.number().optional(),
  validationMacroAccuracy: z.number().optional(),
  validationMacroF1: z.number().optional(),
  validationCalibrationError: z.number().optional(),
  learningRate: z.number(),
  imagesPerSecond: z.number(),
  dataSeconds: z.number(),
  forwardBackwardSeconds: z.number(),
  optimizerSeconds: z.number(),
});
/** One epoch's figures; every one is finite, and those of validation images are absent where there are none. */
export type EpochReport = Readonly<z.infer<typeof epochSchema>>;

const startSchema = z.object({ type: z.literal('started'), ...runtimeSchema.shape });
/** How TensorFlow is set up in the process. */
export type StartReport = Readonly<z.infer<typeof startSchema>>;

/** The memory of the whole process after the task: when it has grown too large, it is replaced. */
const rssMib = z.number();

/**
 * What the trainer answers: once in its life that TensorFlow has started, any number of epochs, of checkpoints that it could
 * not write and of tried members of a soup, then one of the others.
 */
export const trainerMessageSchema = z.discriminatedUnion('type', [
  startSchema,
  z.object({ type: z.literal('epoch'), epoch: epochSchema }),
  z.object({ type: z.literal('checkpointSkipped'), message: z.string() }),
  z.object({ type: z.literal('soupTried'), tried: soupTrySchema }),
  z.object({
    type: z.literal('trained'),
    result: trainResultSchema,
    /** Whether the training has paused, and its checkpoint lies where the request said. */
    hasPaused: z.boolean(),
    predictions: validationPredictionsSchema.optional(),
    rssMib,
  }),
  z.object({ type: z.literal('scored'), figures: scoreFiguresSchema, report: scoreReportSchema, rssMib }),
  z.object({
    type: z.literal('soupMade'),
    result: soupResultSchema.omit({ weights: true, predictions: true }),
    predictions: validationPredictionsSchema,
    rssMib,
  }),
  z.object({ type: z.literal('failed'), failure: failureSchema, rssMib }),
]);
export type TrainerMessage = z.infer<typeof trainerMessageSchema>;
/** A message on the way to an answer. */
type Notice = Extract<TrainerMessage, { type: 'started' | 'epoch' | 'checkpointSkipped' | 'soupTried' }>;
/** The message that ends a request. */
export type LastMessage = Exclude<TrainerMessage, Notice>;
export type TrainerAnswer = Exclude<LastMessage, { type: 'failed' }>;
/** What a training came to, of a `TrainRequest`. */
export type TrainAnswer = Extract<TrainerAnswer, { type: 'trained' }>;
/** How a model did, of a `ScoreRequest`. */
export type ScoreAnswer = Extract<TrainerAnswer, { type: 'scored' }>;
/** What the soup of a `SoupRequest` came to. */
export type SoupAnswer = Extract<TrainerAnswer, { type: 'soupMade' }>;
