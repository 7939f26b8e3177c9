import { describe, expect, it } from 'vitest';
import { plainStep } from '../../../test/fixtures/steps.js';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import {
  plainTinyNetwork,
  tinyImages,
  tinyNetwork,
  tinyNetworkCutAtClassifier,
} from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, tinyTraining, train } from '../../../test/fixtures/training.js';
import type { HostTensor } from '../../formats/safetensors.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { parameterSpecs } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import { tf } from '../device/backend.js';
import { lossAndGradients } from './batch-gradients.js';
import { batchesOf, shuffledIndices } from '../examples/batch-order.js';
import { type ExampleSource, imagesInMemory, imageSource, type LabelledImages } from '../examples/image-batches.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { firstBatchesExampleCount } from '../../methods/batch-sizes.js';
import { relativeGradients } from './relative-gradients.js';

const AUTO_RGN = { type: 'AUTO_RGN', batchCount: 2 } as const;
const MULTIPLIERS = [0.5, 0, 2];
const BODY = ['stem.weight', 'expand.weight'];
const CLASSIFIER = ['fc.weight', 'fc.bias'];
const { pretrained, normalization, seed } = tinyTraining;
const epochOptions = { epoch: 3, seed, batchSize: 8, settings: plainStep() };

const stateOf = (weights: Weights = pretrained, network: NetworkDefinition = tinyNetwork) =>
  new ModelState(blockSegments(network, MULTIPLIERS, 'EVAL'), weights, 3, { technique: AUTO_RGN });

async function factorsOf(weights: Weights, network?: NetworkDefinition) {
  const state = stateOf(weights, network);
  const source = imageSource(tinyImages(27), normalization);
  try {
    const factors = await relativeGradients(state, source, epochOptions, 2);
    return new Map(factors.map((factor, index) => [state.optimizer.names[index] ?? '', factor]));
  } finally {
    source.dispose();
    state.dispose();
  }
}

/** The batches of an epoch's order, read one by one. */
async function* batchesOfEpoch(source: ExampleSource, epoch: number) {
  for (const indices of batchesOf(shuffledIndices(27, seed, epoch), 8)) {
    for await (const input of source.read([indices])) {
      try {
        yield { input, labels: Int32Array.from(indices, (index) => source.labels[index] ?? 0) };
      } finally {
        input.dispose();
      }
    }
  }
}

const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, value) => sum + value * value, 0));
const changed = (weights: Weights, name: string, change: (value: number, index: number) => number): Weights => {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return new Map([...weights, [name, { ...tensor, data: tensor.data.map(change) } satisfies HostTensor]]);
};

/** Gradient norms by central differences of the loss, over the tensor's own norm; the mean over the first two batches. */
async function ratiosByDifferences(name: string): Promise<number> {
  const STEP = 4e-3;
  const source = imageSource(tinyImages(27), normalization);
  const state = stateOf();
  const values = tf.tidy(() => state.optimizer.read().get(name)?.arraySync() ?? []);
  const start = tf.tensor(values);
  const flat = [...start.dataSync()];
  const ratios: number[] = [];
  for await (const batch of batchesOfEpoch(source, 3)) {
    const lossAt = (index: number, shift: number) => {
      const moved = tf.tensor(flat.with(index, (flat[index] ?? NaN) + shift), start.shape);
      state.optimizer.assign(name, moved);
      const { loss, gradients, statistics } = lossAndGradients(state, batch, plainStep());
      tf.dispose([moved, ...gradients.values(), ...statistics.values()]);
      return loss;
    };
    const slopes = flat.map((_, index) => (lossAt(index, STEP) - lossAt(index, -STEP)) / 2 / STEP);
    state.optimizer.assign(name, start);
    ratios.push(norm(slopes) / norm(flat));
    if (ratios.length === 2) break;
  }
  for (const part of [start, source, state]) part.dispose();
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / 2;
}

describe('relativeGradients', () => {
  it('are gradient norms over tensor norms, divided by the largest, without BatchNorm and frozen blocks', async () => {
    const before = leftovers();
    const factors = await factorsOf(pretrained);
    expect([...factors.keys()]).toEqual([...BODY, ...CLASSIFIER]);
    const ratios = new Map<string, number>();
    for (const name of BODY) ratios.set(name, await ratiosByDifferences(name));
    const largest = Math.max(...ratios.values());
    for (const [name, ratio] of ratios) {
      expect(Math.abs((factors.get(name) ?? NaN) / (ratio / largest) - 1), name).toBeLessThan(0.02);
    }
    const ofBody = BODY.map((name) => factors.get(name) ?? NaN);
    expect(Math.max(...ofBody)).toBe(1);
    expect(Math.min(...ofBody)).toBeLessThan(0.9);
    expect(leftovers()).toEqual(before);
  });

  it('leave the classifier its full rate, and out of the largest: the bias of a fresh one is near 0', async () => {
    // A bias of 1e-10 moves the gradients of the others by nothing that shows, and has a ratio above 1e8.
    const zero = await factorsOf(changed(pretrained, 'fc.bias', () => 0));
    const tiny = await factorsOf(changed(pretrained, 'fc.bias', () => 1e-10));
    for (const factors of [zero, tiny]) {
      expect(CLASSIFIER.map((name) => factors.get(name))).toEqual([1, 1]);
      expect(Math.max(...BODY.map((name) => factors.get(name) ?? NaN))).toBe(1);
    }
    for (const name of BODY) expect(tiny.get(name)).toBeCloseTo(zero.get(name) ?? NaN, 6);
  });

  it('leave the model as it is, running statistics too', async () => {
    const state = stateOf();
    const start = state.toHost();
    const source = imageSource(tinyImages(27), normalization);
    await relativeGradients(state, source, epochOptions, 4);
    expect(differingTensors(state.toHost(), start)).toEqual([]);
    source.dispose();
    state.dispose();
  });

  it('see the first batches of the epoch, or all if there are fewer', async () => {
    const seen: number[][] = [];
    const images = tinyImages(27);
    const read: LabelledImages['read'] = (batches, epoch) => {
      seen.push([...batches.flatMap((batch) => [...batch]), epoch ?? NaN]);
      return images.read(batches, epoch);
    };
    const order = [...shuffledIndices(27, seed, 3)];
    const state = stateOf();
    const source = imageSource({ ...images, read }, normalization);
    for (const batchCount of [1, 3, 9]) await relativeGradients(state, source, epochOptions, batchCount);
    expect(seen).toEqual([8, 24, 27].map((count) => [...order.slice(0, count), 3]));
    expect([1, 3, 9].map((batchCount) => firstBatchesExampleCount(27, 8, batchCount))).toEqual([8, 24, 27]);
    source.dispose();
    state.dispose();
  });

  it('are those of whole batches when these are cut into pieces, but for batch statistics', async () => {
    const layers = tinyNetwork.blocks.flatMap((block) => block.layers);
    const segment = { id: 'all', layers, lrMultiplier: 1, usesBatchStatistics: false };
    const factorsIn = async (changes: { microBatchSize?: number }) => {
      const state = new ModelState([segment], pretrained, 3, { technique: AUTO_RGN });
      const source = imageSource(tinyImages(27), normalization);
      const factors = await relativeGradients(state, source, { ...epochOptions, settings: plainStep(changes) }, 2);
      source.dispose();
      state.dispose();
      return factors;
    };
    const whole = await factorsIn({});
    const pieces = await factorsIn({ microBatchSize: 3 });
    expect(whole).toHaveLength(5);
    whole.forEach((factor, index) => expect(Math.abs((pieces[index] ?? NaN) / factor - 1)).toBeLessThan(1e-4));
  });

  it('give a tensor of zeros its full rate, and leave the others as they were', async () => {
    // A tiny bias moves the gradients as little as one of zeros, but has a huge ratio of its own.
    const weights = goldenWeights(parameterSpecs(plainTinyNetwork, 3));
    const zero = await factorsOf(
      changed(weights, 'stem.bias', () => 0),
      plainTinyNetwork,
    );
    const tiny = await factorsOf(
      changed(weights, 'stem.bias', () => 1e-10),
      plainTinyNetwork,
    );
    expect([zero.get('stem.bias'), zero.get('stem.weight')]).toEqual([1, 1]);
    expect(tiny.get('stem.bias')).toBe(1);
    expect(tiny.get('stem.weight')).toBeLessThan(1e-6);
  });
});

describe('a training by relative gradients', () => {
  it('moves each weight by rate, multiplier and factor in the first step of each epoch: Adam is new', async () => {
    const options = {
      technique: { type: 'AUTO_RGN', batchCount: 1 } as const,
      lrMultipliers: MULTIPLIERS,
      batchSize: 27,
      baseLearningRate: 2 ** -10,
      schedule: { type: 'CONSTANT' } as const,
      epochCount: 2,
    };
    const ends: Weights[] = [pretrained];
    const onEpoch = (_: unknown, checkpoint: () => { weights: Weights }) =>
      void ends.push(new Map([...pretrained, ...checkpoint().weights]));
    await train(options, { onEpoch });
    const learningRate = 2 ** -10;
    for (const epoch of [1, 2]) {
      const [from = pretrained, to = pretrained] = ends.slice(epoch - 1);
      const state = stateOf(from);
      const source = imageSource(tinyImages(27), normalization);
      const factors = await relativeGradients(state, source, { ...epochOptions, epoch, batchSize: 27 }, 1);
      const factorOf = new Map(state.optimizer.names.map((name, index) => [name, factors[index] ?? NaN]));
      source.dispose();
      state.dispose();
      for (const { name, blockIndex, isBuffer } of parameterSpecs(tinyNetwork, 3)) {
        if (isBuffer) continue;
        const rate = learningRate * (MULTIPLIERS[blockIndex] ?? NaN) * (factorOf.get(name) ?? 0);
        const before = from.get(name)?.data ?? new Float32Array();
        const moves = before.map((value, index) => Math.abs((to.get(name)?.data[index] ?? NaN) - value));
        // A gradient near 0 moves a weight by less; one ReLU that nothing passes has none at all.
        moves.forEach((move) => expect(move, name).toBeLessThan(rate * 1.001 + 1.2e-7));
        const sorted = [...moves].toSorted((a, b) => a - b);
        expect(Math.abs((sorted[Math.floor(sorted.length / 2)] ?? NaN) - rate), name).toBeLessThan(
          1e-3 * rate + 1.2e-7,
        );
      }
    }
  });

  it('says how many images it saw besides', async () => {
    const { stages } = await train({ technique: AUTO_RGN });
    expect(stages.map(({ gradientPassImageCount, epochCount }) => [gradientPassImageCount, epochCount])).toEqual([
      [16, 3],
    ]);
  });

  it('can leave the head as it was probed, while the body goes by gradients', async () => {
    const kept = { headInit: 'PROBE', lrMultipliers: [1, 1, 1, 0], network: tinyNetworkCutAtClassifier } as const;
    const [byGradients, plain] = [await train({ ...kept, technique: AUTO_RGN }), await train(kept)];
    expect(byGradients.bestEpoch).toBeGreaterThan(byGradients.stages[0]?.epochCount ?? NaN);
    expect(differingTensors(byGradients.weights, plain.weights)).toEqual(
      expect.arrayContaining(['stem.weight', 'spatial.weight', 'expand.weight']),
    );
    expect(differingTensors(byGradients.weights, plain.weights).filter((name) => name.startsWith('fc.'))).toEqual([]);
  });

  it('counts what learns: not BatchNorm', async () => {
    const { trainedParameterCount } = await train({ technique: AUTO_RGN, epochCount: 1 });
    expect(trainedParameterCount).toBe(8 * 3 * 9 + 8 * 9 + 16 * 8 + 3 * 16 + 3);
  });

  it('ends with the block where a loss is not a number, and leaves nothing behind', async () => {
    const before = leftovers();
    const infinite = { mean: [0, 0, 0], std: [1e-45, 1e-45, 1e-45] };
    await expect(train({ technique: AUTO_RGN, normalization: infinite })).rejects.toMatchObject({
      reason: 'NAN_LOSS',
      metadata: { epoch: '1', step: '1', block: 'stem' },
    });
    expect(leftovers()).toEqual(before);
  });

  it('refuses pieces of one example where BatchNorm would use its statistics', async () => {
    const before = leftovers();
    await expect(train({ technique: AUTO_RGN, microBatchSize: 1 })).rejects.toMatchObject({ reason: 'BATCH_OF_ONE' });
    expect(leftovers()).toEqual(before);
  });

  it('can vary its images: the passes see those of the epoch', async () => {
    const { pixels, labels } = { pixels: new Uint8Array(27 * 192), labels: tinyImages(27).labels };
    const black = imagesInMemory(pixels, labels, 8);
    const seen: (number | undefined)[] = [];
    const varied: LabelledImages = {
      ...black,
      isAugmented: true,
      read: (batches, epoch) => {
        seen.push(epoch);
        return tinyImages(27).read(batches, epoch);
      },
    };
    await train({ technique: AUTO_RGN, train: varied, epochCount: 2 });
    expect(seen).toEqual([1, 1, 2, 2]);
  });
});
