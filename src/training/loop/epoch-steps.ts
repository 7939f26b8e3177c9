import { batchesOf, labelsOf, shuffledIndices } from '../examples/batch-order.js';
import { warmupFactor } from './learning-rate.js';
import type { StepPlace } from './step-reports.js';
import type { StepSettings } from './train-step.js';

/** What the steps of an epoch follow from, beside model and examples. */
export interface EpochStepsOptions {
  /** The epoch of the training, from 1. */
  readonly epoch: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly settings: StepSettings;
  /** The steps at the start of the stage over which its rates climb, and its epochs before this one; absent where they do not. */
  readonly warmup?: { readonly stepCount: number; readonly epochsBefore: number };
}

/** One step of an epoch, before it is made. */
export interface EpochStep {
  readonly place: StepPlace;
  /** Indices of the batch's examples, [batch] */
  readonly examples: Int32Array;
  /** Class indices, [batch] */
  readonly labels: Int32Array;
  readonly settings: StepSettings;
}

/**
 * The steps of an epoch over every example once, in an order that depends on seed and epoch alone.
 *
 * @param labels The classes of all examples.
 */
export function stepsOf(labels: Int32Array, options: EpochStepsOptions): EpochStep[] {
  const { epoch, seed, batchSize, settings, warmup = { stepCount: 0, epochsBefore: 0 } } = options;
  const batches = batchesOf(shuffledIndices(labels.length, seed, epoch), batchSize);
  const stepsBefore = warmup.epochsBefore * batches.length;
  return batches.map((examples, index) => {
    const step = index + 1;
    const learningRate = settings.learningRate * warmupFactor(stepsBefore + step, warmup.stepCount);
    return {
      place: { epoch, step, learningRate, exampleCount: examples.length },
      examples,
      labels: labelsOf(examples, labels),
      settings: { ...settings, learningRate },
    };
  });
}
