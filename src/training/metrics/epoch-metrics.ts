import { z } from 'zod';

/** What the validation of one epoch came to; as in `ClassificationMetrics`. */
export const validationMetricsSchema = z.object({
  validationLoss: z.number(),
  validationAccuracy: z.number(),
  validationMacroAccuracy: z.number(),
  validationMacroF1: z.number(),
  validationCalibrationError: z.number(),
});
export type ValidationMetrics = Readonly<z.infer<typeof validationMetricsSchema>>;

/** What one epoch came to. */
export const epochMetricsSchema = z.strictObject({
  ...validationMetricsSchema.shape,
  /** From 1. */
  epoch: z.int().positive(),
  /** Mean over the epoch's examples, each in the state before its step. */
  trainLoss: z.number(),
  /** The base learning rate in this epoch, before multipliers. */
  learningRate: z.number(),
  /** Training and validation together. */
  seconds: z.number(),
  /** Of the training part alone. */
  imagesPerSecond: z.number(),
  /** Of the training part: waiting for examples. */
  dataSeconds: z.number(),
  /** Of the training part; the share of the optimizer is that of a sampled step. */
  forwardBackwardSeconds: z.number(),
  optimizerSeconds: z.number(),
});
export type EpochMetrics = Readonly<z.infer<typeof epochMetricsSchema>>;
