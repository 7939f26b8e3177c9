import { describe, expect, it } from 'vitest';
import { leftovers, tinyTraining } from '../../../test/fixtures/training.js';
import { tinyNetwork, tinyWeights, wholeBatch } from '../../../test/fixtures/tiny-network.js';
import type { Layer } from '../../networks/layers.js';
import { tf } from '../device/backend.js';
import { batchesOf, shuffledIndices } from '../examples/batch-order.js';
import { imageSource } from '../examples/image-batches.js';
import { runLayers } from '../model/layer-run.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { populationStatistics } from './population-statistics.js';
import { ownParts } from './prepare-training.js';

const { network, classCount, normalization, train: images } = tinyTraining;
const [STEM = [], MIDDLE = [], HEAD = []] = network.blocks.map(({ layers }) => layers);
const WEIGHTS = tinyWeights();
const ALL_BLOCKS = new Set([0, 1, 2]);

async function statisticsOf(blocks: ReadonlySet<number>, batchSize: number) {
  const { dispose, ...shared } = ownParts();
  try {
    const options = { network, classCount, normalization, images, batchSize, shared };
    return await populationStatistics(WEIGHTS, blocks, options);
  } finally {
    dispose();
  }
}

const valuesOf = (found: Awaited<ReturnType<typeof statisticsOf>>, name: string) => [...(found.get(name)?.data ?? [])];

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, channel) => expect(value / (expected[channel] ?? NaN)).toBeCloseTo(1, 4));
}

/**
 * Mean and unbiased variance of each channel of what layers give for these images, in float64; BatchNorm among them uses the
 * running statistics of `WEIGHTS`.
 */
async function channelStatistics(layers: readonly Layer[], indices: Int32Array) {
  const state = new ModelState(blockSegments(tinyNetwork, [0, 0, 0], 'EVAL'), WEIGHTS, classCount);
  const source = imageSource(images, normalization);
  const all = await wholeBatch(source);
  const output = tf.tidy(() =>
    runLayers(layers, tf.gather(all, [...indices]), { parameter: state.parameters(new Map()) }),
  );
  const channelCount = output.shape.at(-1) ?? 0;
  const values = [...output.dataSync()];
  for (const part of [all, output, state, source]) part.dispose();
  const channels = Array.from({ length: channelCount }, (_, channel) =>
    values.filter((_value, position) => position % channelCount === channel),
  );
  const mean = channels.map((ofChannel) => ofChannel.reduce((sum, value) => sum + value, 0) / ofChannel.length);
  const variance = channels.map((ofChannel, channel) => {
    const squares = ofChannel.reduce((sum, value) => sum + (value - (mean[channel] ?? NaN)) ** 2, 0);
    return squares / (ofChannel.length - 1);
  });
  return { mean, variance };
}

describe('the running statistics of a population', () => {
  it('are mean and unbiased variance of what the layer takes, where one batch holds all images', async () => {
    const found = await statisticsOf(new Set([0]), images.labels.length);
    const expected = await channelStatistics(
      STEM.slice(0, 1),
      images.labels.map((_, i) => i),
    );
    expectClose(valuesOf(found, 'norm.running_mean'), expected.mean);
    expectClose(valuesOf(found, 'norm.running_var'), expected.variance);
  });

  it('are the means over the batches of a mixed order, weighted by their images', async () => {
    const batches = batchesOf(shuffledIndices(images.labels.length, 0, 1), 8);
    expect(batches.map(({ length }) => length)).toEqual([8, 8, 8, 3]);
    const found = await statisticsOf(new Set([0]), 8);
    const ofBatches = await Promise.all(batches.map((batch) => channelStatistics(STEM.slice(0, 1), batch)));
    const weighted = (statistic: 'mean' | 'variance') =>
      ofBatches[0]?.[statistic].map((_, channel) =>
        ofBatches.reduce(
          (sum, batch, index) => sum + ((batch[statistic][channel] ?? NaN) * (batches[index]?.length ?? NaN)) / 27,
          0,
        ),
      ) ?? [];
    expectClose(valuesOf(found, 'norm.running_mean'), weighted('mean'));
    expectClose(valuesOf(found, 'norm.running_var'), weighted('variance'));
  });

  it('of one block follow from the running statistics of those before it', async () => {
    const found = await statisticsOf(new Set([2]), images.labels.length);
    expect([...found.keys()]).toEqual(['expand_norm.running_mean', 'expand_norm.running_var']);
    const before = [...STEM, ...MIDDLE, ...HEAD.slice(0, 1)];
    const expected = await channelStatistics(
      before,
      images.labels.map((_, i) => i),
    );
    expectClose(valuesOf(found, 'expand_norm.running_mean'), expected.mean);
    expectClose(valuesOf(found, 'expand_norm.running_var'), expected.variance);
  });

  it('of all blocks are taken while each normalises with its batch', async () => {
    const [alone, together] = [await statisticsOf(new Set([2]), 9), await statisticsOf(ALL_BLOCKS, 9)];
    expect([...together.keys()]).toHaveLength(6);
    expect(valuesOf(together, 'expand_norm.running_mean')).not.toEqual(valuesOf(alone, 'expand_norm.running_mean'));
    expect(valuesOf(together, 'norm.running_mean')).toEqual(
      valuesOf(await statisticsOf(new Set([0]), 9), 'norm.running_mean'),
    );
  });

  it('are the same bits each time, and nothing is left behind', async () => {
    const before = leftovers();
    const first = await statisticsOf(ALL_BLOCKS, 8);
    expect(await statisticsOf(ALL_BLOCKS, 8)).toEqual(first);
    expect(leftovers()).toEqual(before);
  });

  it('of no block are none', async () => {
    expect(await statisticsOf(new Set(), 8)).toEqual(new Map());
  });
});
