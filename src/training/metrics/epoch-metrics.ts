import { z } from 'zod';
import type { ClassificationMetrics } from './metrics.js';

/** What the validation of one epoch came to; as in `ClassificationMetrics`. */
export const validationMetricsSchema = z.object({
  validationLoss: z.number(),
  validationAccuracy: z.number(),
  validationMacroAccuracy: z.number(),
  validationMacroF1: z.number(),
  validationCalibrationError: z.number(),
});
export type ValidationMetrics = Readonly<z.infer<typeof validationMetricsSchema>>;

/** The metrics of validation images by the names that they have among those of an epoch. */
export function validationMetrics(metrics: ClassificationMetrics): ValidationMetrics {
  return {
    validationLoss: metrics.loss,
    validationAccuracy: metrics.accuracy,
    validationMacroAccuracy: metrics.macroAccuracy,
    validationMacroF1: metrics.macroF1,
    validationCalibrationError: metrics.calibrationError,
  };
}

/** What one epoch came to; without figures of validation images where there are none. */
export const epochMetricsSchema = z.strictObject({
  ...validationMetricsSchema.partial().shape,
  /** The epoch of the training, from 1. */
  epoch: z.int().positive(),
  /** Mean over the epoch's examples, each in the state before its step. */
  trainLoss: z.number(),
  /** The base learning rate in this epoch, before multipliers. */
  learningRate: z.number(),
  /** Training, and validation where there is one. */
  seconds: z.number(),
  /** The speed of the training part alone. */
  imagesPerSecond: z.number(),
  /** The time that the training part waited for examples. */
  dataSeconds: z.number(),
  /** The time of the training part's passes; the share of the optimizer is that of a sampled step. */
  forwardBackwardSeconds: z.number(),
  optimizerSeconds: z.number(),
});
export type EpochMetrics = Readonly<z.infer<typeof epochMetricsSchema>>;
