import { type Tensor, tf } from '../device/backend.js';
import { forwardAndBackward } from '../model/forward-backward.js';
import { microBatchSizes } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';
import { rowsAt } from '../ops/kernels.js';
import { weightSum } from '../ops/cross-entropy.js';
import { passInputsOf, tensorsOf } from './batch-gradients.js';
import type { EpochStep } from './epoch-steps.js';
import { ratesOf, stepConstantsOf, update } from './train-step.js';

/** Whether `joinedSteps` can make these steps of an epoch: no batch is cut, and no running statistics move. */
export const canBeJoined = ({ movingStatisticNames }: ModelState, steps: readonly EpochStep[]): boolean =>
  movingStatisticNames.length === 0 &&
  steps.every(({ labels, settings }) => microBatchSizes(labels.length, settings.microBatchSize).length === 1);

/**
 * Makes some steps as one piece of work, on examples that are on the device: each as `trainStep` makes it, with the same bits.
 *
 * @param held All examples, float32 [count, …], what the first segment takes; stays the caller's.
 * @param steps Of one epoch, which `canBeJoined`.
 * @returns The reports of the steps, as `trainStep` gives them, the caller's to dispose.
 */
export function joinedSteps(state: ModelState, held: Tensor, steps: readonly EpochStep[]): Tensor[] {
  const [first] = steps;
  if (first === undefined) return [];
  return tf.tidy(() => {
    const prepared = steps.map(({ examples, labels, settings }) => {
      const rows = tf.tensor1d(examples, 'int32');
      const inputs = passInputsOf({ input: rows, labels }, settings, 1 / weightSum(labels, settings.classWeights));
      return { rows, inputs, settings, numbers: state.optimizer.nextNumbers(ratesOf(state, settings)) };
    });
    const ofSteps = prepared.flatMap(({ inputs, numbers }) => [...tensorsOf(inputs), ...numbers]);
    const args = [held, ...ofSteps, ...state.tensors, ...state.updateTensors];
    return state.functions.run(`steps ${stepConstantsOf(first.settings)}`, args, () =>
      prepared.map(({ rows, inputs, settings, numbers }) => {
        const pass = forwardAndBackward(state, { ...inputs, input: rowsAt(held, rows) }, settings);
        update(state, pass.gradients, numbers, settings);
        return pass.report;
      }),
    );
  });
}
