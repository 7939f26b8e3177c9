/** What the validation of one epoch came to; as in `ClassificationMetrics`. */
export interface ValidationMetrics {
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly validationMacroAccuracy: number;
  readonly validationMacroF1: number;
  readonly validationCalibrationError: number;
}

/** What one epoch came to. */
export interface EpochMetrics extends ValidationMetrics {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's examples, each in the state before its step. */
  readonly trainLoss: number;
  /** The base learning rate in this epoch, before multipliers. */
  readonly learningRate: number;
  /** Training and validation together. */
  readonly seconds: number;
  /** Of the training part alone. */
  readonly imagesPerSecond: number;
  /** Of the training part: waiting for examples. */
  readonly dataSeconds: number;
  /** Of the training part; the share of the optimizer is that of a sampled step. */
  readonly forwardBackwardSeconds: number;
  readonly optimizerSeconds: number;
}
