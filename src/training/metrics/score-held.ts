import { type Tensor, tf } from '../device/backend.js';
import { rowsAt } from '../ops/kernels.js';
import type { InferenceModel } from '../model/inference-model.js';
import { accumulate } from './accumulate-metrics.js';
import type { MetricTotals } from './metric-totals.js';

/** Some examples of a held set, with their classes. */
interface HeldBatch {
  /** Their places in the set, [batch] */
  readonly examples: Int32Array;
  /** Class indices, [batch] */
  readonly labels: Int32Array;
}

/**
 * Adds batches of examples that are on the device to the metrics, in one piece of work, batch after batch: so each total
 * has the bits that it has when they are added one at a time.
 *
 * @param held float32 [count, …], what the model takes.
 */
export function addHeld(
  totals: MetricTotals,
  model: InferenceModel,
  held: Tensor,
  batches: readonly HeldBatch[],
): void {
  totals.addBy((before) =>
    tf.tidy(() => {
      const args = batches.map(({ examples, labels }) => ({
        rows: tf.tensor1d(examples, 'int32'),
        labels: tf.tensor1d(labels, 'int32'),
      }));
      const tensors = args.flatMap((batch) => [batch.rows, batch.labels]);
      return model.runWithin('score', [...before, held, ...tensors], (forward) =>
        args.reduce<Tensor[]>(
          (sums, batch) => accumulate(sums, forward(rowsAt(held, batch.rows)), batch.labels),
          [...before],
        ),
      );
    }),
  );
}
