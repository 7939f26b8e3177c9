import { type Tensor, tf } from '../device/backend.js';
import { passInputsOf } from './batch-gradients.js';
import { weightSum } from '../ops/cross-entropy.js';
import { forwardAndBackward } from '../model/forward-backward.js';
import { type Batch, microBatches, microBatchSizes } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';
import { ratesOf, type StepSettings, update } from './train-step.js';

/** Where a step's time goes. */
export interface StepTimes {
  readonly forwardBackwardSeconds: number;
  readonly optimizerSeconds: number;
}

/**
 * Measures the parts of a step, which overlap in the compiled one: each runs op by op, on copies of what it would change, and
 * what comes out is thrown away. The model stays as it is, to the bit.
 *
 * @param batch The batch of a `trainStep`; of its micro-batches only the first runs, for all of them.
 */
export function stepTimes(state: ModelState, batch: Batch, settings: StepSettings): StepTimes {
  const sizes = microBatchSizes(batch.labels.length, settings.microBatchSize);
  const optimizer = state.optimizer.copy();
  try {
    return tf.tidy(() => {
      const [piece] = microBatches(batch, sizes);
      if (piece === undefined) throw new Error('a batch has no examples');
      const inputs = passInputsOf(piece, settings, 1 / weightSum(batch.labels, settings.classWeights));
      const numbers = optimizer.nextNumbers(ratesOf(state, settings));
      const startMs = performance.now();
      const { report, gradients } = forwardAndBackward(state, inputs, settings);
      const passSeconds = secondsSince(startMs, report);
      update({ optimizer, startingPoint: state.startingPoint }, gradients, numbers, settings);
      const optimizerSeconds = secondsSince(startMs, report) - passSeconds;
      return { forwardBackwardSeconds: passSeconds * sizes.length, optimizerSeconds };
    });
  } finally {
    optimizer.dispose();
  }
}

/** Waits until the device has come to this tensor. */
function secondsSince(startMs: number, tensor: Tensor): number {
  tensor.dataSync();
  return (performance.now() - startMs) / 1000;
}
