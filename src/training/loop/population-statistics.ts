import type { HostTensor } from '../../formats/safetensors.js';
import type { NetworkDefinition } from '../../networks/network.js';
import type { Weights } from '../../networks/weights.js';
import { type Tensor, tf } from '../device/backend.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import { tensorNamed } from '../device/named-tensors.js';
import { batchesOf, shuffledIndices } from '../examples/batch-order.js';
import { prefixSource } from '../examples/frozen-prefix.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from '../examples/image-batches.js';
import { type LayerContext, runInTurn, runLayers } from '../model/layer-run.js';
import { ModelState } from '../model/model-state.js';
import type { SharedParts } from './prepare-training.js';

/** What statistics are taken over, and how. */
export interface PopulationOptions {
  readonly network: NetworkDefinition;
  readonly classCount: number;
  readonly normalization: Normalization;
  /** Taken as they are, not augmented. */
  readonly images: LabelledImages;
  readonly batchSize: number;
  /** Stay the caller's. */
  readonly shared: SharedParts;
}

/** The order of the images: any will do that mixes the classes, since batches of one class would have other statistics. */
const ORDER = { seed: 0, epoch: 1 } as const;

/**
 * Re-estimates running statistics from one pass over images, in which those layers normalise with the statistics of their
 * batch: the mean over the batches of their means and of their unbiased variances, weighted by their images.
 *
 * What the mean of several models' weights needs: the statistics of its activations are not the mean of the models' own.
 *
 * @param weights The whole state, in torch layout; not changed.
 * @param blocks The indices of the blocks whose statistics are estimated; the BatchNorm of others uses its running ones.
 * @returns The running statistics of these blocks by torch name, float32 [channels]; none without blocks.
 * @see Izmailov et al., arXiv 1803.05407, algorithm 1 ("compute BatchNorm statistics"), as torch's `swa_utils.update_bn`,
 *   which weighs a smaller last batch like the others.
 */
export async function populationStatistics(
  weights: Weights,
  blocks: ReadonlySet<number>,
  options: PopulationOptions,
): Promise<Map<string, HostTensor>> {
  if (blocks.size === 0) return new Map();
  const { network, classCount, shared } = options;
  const start = Math.min(...blocks);
  const segments = network.blocks.slice(start, Math.max(...blocks) + 1).map(({ id, layers }, index) => ({
    id,
    layers,
    lrMultiplier: 0,
    usesBatchStatistics: blocks.has(start + index),
  }));
  const source = await sourceBefore(start, weights, options);
  const state = new ModelState(segments, weights, classCount, { functions: shared.functions });
  try {
    return await meanStatistics(state, source, options.batchSize);
  } finally {
    state.dispose();
    source.dispose();
  }
}

/** What the block of that index takes. */
async function sourceBefore(
  blockIndex: number,
  weights: Weights,
  { network, classCount, normalization, images, batchSize, shared }: PopulationOptions,
): Promise<ExampleSource> {
  const source = imageSource(images, normalization);
  const layers = network.blocks.slice(0, blockIndex).flatMap((block) => block.layers);
  if (layers.length === 0) return source;
  return prefixSource({ layers, weights, classCount }, source, undefined, { ...shared, batchSize });
}

async function meanStatistics(
  state: ModelState,
  source: ExampleSource,
  batchSize: number,
): Promise<Map<string, HostTensor>> {
  const { length } = source.labels;
  const batches = batchesOf(shuffledIndices(length, ORDER.seed, ORDER.epoch), batchSize);
  const sums = new Map<string, Float64Array>();
  for await (const input of source.read(batches)) {
    const [imageCount = 0] = input.shape;
    for (const [name, values] of batchStatistics(state, input)) {
      const sum = sums.get(name) ?? new Float64Array(values.length);
      sums.set(
        name,
        sum.map((value, channel) => value + imageCount * (values[channel] ?? NaN)),
      );
    }
    await yieldToEventLoop();
  }
  return new Map(
    Array.from(sums, ([name, sum]) => [
      name,
      { dtype: 'F32', shape: [sum.length], data: Float32Array.from(sum, (value) => value / length) },
    ]),
  );
}

/** The statistics of one batch, read from the device. @param input Taken over. */
function batchStatistics(state: ModelState, input: Tensor): Map<string, Float32Array> {
  const names = state.movingStatisticNames;
  const used = [input];
  try {
    const found = state.functions.run('batch statistics', [input, ...state.tensors], () => {
      const statistics = forwardStatistics(state, input);
      return names.map((name) => tensorNamed(statistics, name));
    });
    used.push(...found);
    return new Map(names.map((name, index) => [name, found[index]?.dataSync<'float32'>() ?? new Float32Array()]));
  } finally {
    tf.dispose(used);
  }
}

/** Ops only, so that it can be traced. */
function forwardStatistics(state: ModelState, input: Tensor): ReadonlyMap<string, Tensor> {
  const statistics = new Map<string, Tensor>();
  const batchStatistics: LayerContext['batchStatistics'] = {
    // The batch's own statistics take the place of the running ones.
    momentum: 1,
    onRunningStatistics: (name, mean, variance) => {
      statistics.set(`${name}.running_mean`, mean);
      statistics.set(`${name}.running_var`, variance);
    },
  };
  const parameter = state.parameters(new Map());
  runInTurn(state.segments, input, ({ layers, usesBatchStatistics }, value) =>
    runLayers(layers, value, { parameter, ...(usesBatchStatistics && { batchStatistics }) }),
  );
  return statistics;
}
