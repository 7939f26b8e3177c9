import { type Tensor, tf } from '../device/backend.js';
import { checkSizes, gradientsInPieces } from './batch-gradients.js';
import { batchesOf, labelsOf, shuffledIndices } from '../examples/batch-order.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import type { ExampleSource } from '../examples/image-batches.js';
import { halfSquaredNorm, multiply } from '../ops/kernels.js';
import { type Batch, microBatchSizes } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';
import { StepReports } from './step-reports.js';
import type { EpochOptions } from './train-epoch.js';

/**
 * How much of its learning rate each trained tensor is given for an epoch (Auto-RGN, arXiv 2210.11466): the norm of its
 * gradient over its own, as a mean over the first batches of the epoch, over the largest such mean of all tensors outside
 * the classifier. The gradients are those of training steps before clipping; nothing changes, running statistics neither.
 *
 * The classifier is given its full rate: the bias of a fresh one is near 0, so that its ratio would leave the others next to
 * nothing. A tensor of zeros has no such ratio. It is given its full rate, and does not count for the largest.
 *
 * @param batchCount So many batches, or all if there are fewer.
 * @returns one in [0, 1] for each of `state.optimizer.names`.
 * @throws {DomainError} BATCH_OF_ONE, and NAN_LOSS as `StepReports.add`.
 */
export async function relativeGradients(
  state: ModelState,
  train: ExampleSource,
  options: EpochOptions,
  batchCount: number,
): Promise<number[]> {
  const { epoch, seed, batchSize, settings } = options;
  const batches = batchesOf(shuffledIndices(train.labels.length, seed, epoch), batchSize).slice(0, batchCount);
  const sums = state.optimizer.names.map(() => 0);
  const reports = new StepReports(state.segments.map(({ id }) => id));
  let step = 0;
  try {
    for await (const input of train.read(batches, epoch)) {
      const labels = labelsOf(batches[step++] ?? [], train.labels);
      const { report, ratios } = ratiosOn(state, { input, labels }, settings);
      reports.add(report, { epoch, step, learningRate: settings.learningRate, exampleCount: labels.length });
      ratios.forEach((ratio, index) => (sums[index] = (sums[index] ?? 0) + ratio));
      await yieldToEventLoop();
    }
    reports.meanLoss();
  } finally {
    reports.dispose();
  }
  return rateFactors(state, sums);
}

/** Takes over the batch's input. */
function ratiosOn(
  state: ModelState,
  batch: Batch,
  settings: EpochOptions['settings'],
): { readonly report: Tensor; readonly ratios: number[] } {
  try {
    const sizes = microBatchSizes(batch.labels.length, settings.microBatchSize);
    checkSizes(state, sizes);
    const { report, gradients } = gradientsInPieces(state, batch, sizes, settings, (statistics) =>
      tf.dispose([...statistics.values()]),
    );
    try {
      return { report, ratios: ratiosOf(state, gradients) };
    } catch (error) {
      report.dispose();
      throw error;
    } finally {
      tf.dispose([...gradients.values()]);
    }
  } finally {
    batch.input.dispose();
  }
}

/** The norm of each gradient over that of its tensor; not finite for a tensor of zeros. */
function ratiosOf({ optimizer, functions }: ModelState, gradients: ReadonlyMap<string, Tensor>): number[] {
  const entries = [...gradients];
  const norms = tf.tidy(() => {
    const args = [...entries.map(([, gradient]) => gradient), ...optimizer.handles];
    const [all] = functions.run('norms', args, () => {
      const values = optimizer.read();
      const tensors = entries.flatMap(([name, gradient]) => [gradient, values.get(name) ?? gradient]);
      return [tf.stack(tensors.map(norm))];
    });
    return all?.dataSync<'float32'>() ?? new Float32Array();
  });
  return entries.map((_, index) => (norms[2 * index] ?? NaN) / (norms[2 * index + 1] ?? NaN));
}

const norm = (tensor: Tensor): Tensor => tf.sqrt(multiply(halfSquaredNorm(tensor), tf.scalar(2)));

/** @param ratios One for each of `state.optimizer.names`. */
function rateFactors(state: ModelState, ratios: readonly number[]): number[] {
  const compared = ratios.map((ratio, index) =>
    Number.isFinite(ratio) && !state.isOfClassifier(state.optimizer.names[index] ?? '') ? ratio : undefined,
  );
  const largest = Math.max(0, ...compared.filter((ratio) => ratio !== undefined));
  return compared.map((ratio) => (ratio === undefined ? 1 : ratio / (largest || 1)));
}
