import { type Tensor, tf } from '../device/backend.js';
import { accumulate, CALIBRATION_BIN_COUNT } from './accumulate-metrics.js';
import { type ClassificationMetrics, classificationMetrics } from './metrics.js';
import type { FunctionScope, TracedFunctions } from '../graph/traced-functions.js';

/**
 * What all metrics follow from, summed on the device batch by batch and read once. Dispose it.
 *
 * The totals are float32. Counts are exact up to 2^24 examples, in whatever batches they come; another cut may move the
 * last digits of the loss and of the calibration error.
 */
export class MetricTotals {
  /** The sums, as `accumulate` takes and gives them. */
  private totals: readonly Tensor[];
  private readonly functions: FunctionScope;

  /** @param functions Run `add`; stay the caller's. */
  constructor(
    private readonly classCount: number,
    functions: TracedFunctions,
  ) {
    this.functions = functions.enter('metrics');
    const shapes = [[], [classCount, classCount], [3, CALIBRATION_BIN_COUNT]];
    this.totals = shapes.map((shape) => tf.keep(tf.zeros(shape)));
  }

  /**
   * Takes in one batch; nothing is read.
   *
   * @param logits float32 [batch, classCount]; stay the caller's.
   * @param labels int32 [batch], below `classCount`; stay the caller's.
   */
  add(logits: Tensor, labels: Tensor): void {
    this.addBy((totals) =>
      this.functions.run('metrics', [...totals, logits, labels], () => accumulate(totals, logits, labels)),
    );
  }

  /**
   * Takes in what other work has added to the totals, as `accumulate` does.
   *
   * @param work Is given the totals, which stay this object's, and gives the new ones.
   */
  addBy(work: (totals: readonly Tensor[]) => Tensor[]): void {
    const before = this.totals;
    const after = work(before);
    // They outlive a tidy around this call.
    this.totals = after.map((total) => tf.keep(total));
    tf.dispose([...before]);
  }

  /** The metrics of all examples so far. The loss is NaN if there are none, or if a logit was NaN. */
  read(): ClassificationMetrics {
    const [losses, counts, bins] = this.totals.map((total) => total.dataSync<'float32'>());
    if (losses === undefined || counts === undefined || bins === undefined) throw new Error('the totals are disposed');
    const [exampleCounts = [], confidenceSums = [], rightCounts = []] = rowsOf(bins, CALIBRATION_BIN_COUNT);
    return classificationMetrics({
      loss: losses[0] ?? NaN,
      confusionMatrix: rowsOf(counts, this.classCount),
      calibrationBins: exampleCounts.map((exampleCount, bin) => ({
        exampleCount,
        confidenceSum: confidenceSums[bin] ?? NaN,
        rightCount: rightCounts[bin] ?? NaN,
      })),
    });
  }

  dispose(): void {
    tf.dispose([...this.totals]);
    this.totals = [];
    this.functions.leave();
  }
}

function rowsOf(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}
