import { beforeAll, describe, expect, it } from 'vitest';
import {
  tinyImages,
  tinyNetwork,
  tinyNetworkCutAtClassifier,
  tinyPixels,
  tinyProtocol,
  tinyWeights,
} from '../../test/fixtures/tiny-network.js';
import { macroAccuraciesOf } from '../../test/fixtures/training.js';
import type { HostTensor } from '../formats/safetensors.js';
import { nativeTensorCount, tf } from './device/backend.js';
import { evaluate } from './metrics/evaluate.js';
import type { EpochMetrics } from './metrics/epoch-metrics.js';
import { fineTune } from './fine-tune.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { imagesInMemory } from './examples/image-batches.js';

const normalization = { mean: [110, 110, 110], std: [60, 60, 60] };
const options = {
  network: tinyNetwork,
  pretrained: tinyWeights(),
  classCount: 3,
  normalization,
  train: tinyImages(40),
  validation: tinyImages(21, 'validation'),
  lrMultipliers: [1, 1, 1],
  technique: { type: 'BLOCKS' },
  ...tinyProtocol,
} as const satisfies FineTuneOptions;
const run = (changes: Partial<FineTuneOptions>, onEpoch: (metrics: EpochMetrics) => void = () => undefined) =>
  fineTune({ ...options, ...changes }, { onEpoch });

const values = (weights: ReadonlyMap<string, HostTensor>, name: string) => [...(weights.get(name)?.data ?? [])];

describe('fineTune', () => {
  it('learns, and reports each epoch as it ends', async () => {
    const reported: EpochMetrics[] = [];
    const { epochs, best, bestEpoch } = await run({ epochCount: 12, patienceEpochs: 12 }, (m) => void reported.push(m));
    expect(reported).toEqual(epochs);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(epochs.at(-1)?.trainLoss).toBeLessThan(0.5 * (epochs[0]?.trainLoss ?? 0));
    expect(best.validationMacroAccuracy).toBeGreaterThan(0.8);
    const first = epochs.findIndex((e) => e.validationMacroAccuracy === best.validationMacroAccuracy);
    expect(bestEpoch).toBe(first + 1);
  });

  it('returns the weights of the best epoch: they score what was reported for it', async () => {
    const { weights, best } = await run({ epochCount: 6, patienceEpochs: 6, lrMultipliers: [0, 3, 1] });
    const again = await evaluate({
      network: tinyNetwork,
      weights,
      classCount: 3,
      normalization,
      images: options.validation,
      batchSize: 16,
    });
    expect({
      validationLoss: again.loss,
      validationAccuracy: again.accuracy,
      validationMacroAccuracy: again.macroAccuracy,
      validationMacroF1: again.macroF1,
      validationCalibrationError: again.calibrationError,
    }).toEqual(best);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const [one, same, other] = [await run({}), await run({}), await run({ seed: 559 })];
    expect(same.weights).toEqual(one.weights);
    expect(values(other.weights, 'stem.weight')).not.toEqual(values(one.weights, 'stem.weight'));
  });

  it('moves each weight by rate times multiplier in the first step', async () => {
    const { weights } = await run({
      epochCount: 1,
      batchSize: 40,
      lrMultipliers: [0.1, 0, 10],
      baseLearningRate: 1e-3,
    });
    const move = (name: string) => {
      const before = values(options.pretrained, name);
      return values(weights, name).map((value, index) => Math.abs(value - (before[index] ?? NaN)));
    };
    move('stem.weight').forEach((distance) => expect(distance).toBeCloseTo(1e-4, 6));
    move('spatial.weight').forEach((distance) => expect(distance).toBe(0));
    move('fc.weight').forEach((distance) => expect(distance).toBeCloseTo(1e-2, 5));
  });

  it('leaves frozen running statistics alone in EVAL, and lets them drift in TRAIN', async () => {
    const changes = { epochCount: 1, lrMultipliers: [0, 1, 1] };
    const still = await run({ ...changes, frozenBatchNorm: 'EVAL' });
    const drifted = await run({ ...changes, frozenBatchNorm: 'TRAIN' });
    const before = values(options.pretrained, 'norm.running_mean');
    expect(values(still.weights, 'norm.running_mean')).toEqual(before);
    expect(values(drifted.weights, 'norm.running_mean')).not.toEqual(before);
    expect(values(drifted.weights, 'norm.weight')).toEqual(values(options.pretrained, 'norm.weight'));
  });

  it('stops when the macro-accuracy has not strictly risen for patienceEpochs', async () => {
    const { epochs, bestEpoch } = await run({ epochCount: 20, patienceEpochs: 3, baseLearningRate: 1e-12 });
    const accuracies = macroAccuraciesOf(epochs);
    expect(bestEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    expect(epochs.length).toBe(bestEpoch + 3);
  });

  it('counts trained and total parameters without running statistics', async () => {
    const { trainedParameterCount, totalParameterCount } = await run({ epochCount: 1, lrMultipliers: [1, 0, 0] });
    expect(trainedParameterCount).toBe(8 * 3 * 9 + 16);
    expect(totalParameterCount).toBe(8 * 3 * 9 + 16 + (8 * 9 + 16) + (16 * 8 + 32) + (3 * 16 + 3));
  });

  it('trains the classifier alone as if it were a block of its own', async () => {
    const probe = await run({ technique: { type: 'LINEAR_PROBE' }, lrMultipliers: [1, 1, 2] });
    const block = await run({ network: tinyNetworkCutAtClassifier, lrMultipliers: [0, 0, 0, 2] });
    expect(probe.trainedParameterCount).toBe(3 * 16 + 3);
    expect(probe.bestEpoch).toBe(block.bestEpoch);
    for (const [name, { data }] of block.weights) {
      data.forEach((value, index) => expect(probe.weights.get(name)?.data[index], name).toBeCloseTo(value, 5));
    }
  });

  it('replaces a classifier of another class count by a seeded one', async () => {
    const twoClasses = (count: number) => {
      const { pixels, labels } = tinyPixels(count);
      return imagesInMemory(
        pixels,
        labels.map((label) => label % 2),
        8,
      );
    };
    const changes = { classCount: 2, epochCount: 1, train: twoClasses(40), validation: twoClasses(21) };
    const { weights } = await run(changes);
    expect(weights.get('fc.weight')?.shape).toEqual([2, 16]);
  });

  it('never writes to the pretrained tensors', async () => {
    await run({});
    expect(options.pretrained).toEqual(tinyWeights());
  });

  it('lets other work of the process run between two steps', async () => {
    let turns = 0;
    const count = () => {
      turns += 1;
      handle = setImmediate(count);
    };
    let handle = setImmediate(count);
    await run({ epochCount: 1 });
    clearImmediate(handle);
    expect(turns).toBeGreaterThan(3);
  });

  it.each([
    ['INPUT_TOO_SMALL', { train: imagesInMemory(new Uint8Array(4 * 4 * 3), Int32Array.of(0), 4) }],
    ['FIELD_INVALID', { lrMultipliers: [1, 1] }],
    ['FIELD_INVALID', { lrMultipliers: [1, NaN, 1] }],
    ['FIELD_INVALID', { classCount: 2 }],
    ['NO_BLOCK_SELECTED', { lrMultipliers: [0, 0, 0] }],
    ['NO_BLOCK_SELECTED', { lrMultipliers: [1, 1, 0], technique: { type: 'LINEAR_PROBE' as const } }],
    ['WEIGHTS_INVALID', { pretrained: new Map() }],
  ])('refuses with %s: %o', async (reason, changes) => {
    await expect(run(changes)).rejects.toMatchObject({ reason });
  });

  it('ends with epoch and step when the loss is not a number', async () => {
    const infinite = { mean: [0, 0, 0], std: [1e-45, 1e-45, 1e-45] };
    await expect(run({ normalization: infinite })).rejects.toMatchObject({
      reason: 'NAN_LOSS',
      metadata: { epoch: '1', step: '1' },
    });
  });
});

describe('tensors left behind', () => {
  beforeAll(() => run({ epochCount: 1 }));

  it.each([
    ['blocks', {}],
    [
      'blocks over a frozen prefix with BatchNorm in TRAIN',
      { lrMultipliers: [0, 0, 1], frozenBatchNorm: 'TRAIN' as const },
    ],
    ['frozen blocks after trained ones', { lrMultipliers: [1, 0, 0] }],
    ['the classifier', { technique: { type: 'LINEAR_PROBE' as const } }],
    ['a loss that is not a number', { normalization: { mean: [0, 0, 0], std: [1e-45, 1e-45, 1e-45] } }],
  ])('none after training %s', async (_, changes) => {
    const before = [tf.memory().numTensors, nativeTensorCount()];
    await run({ epochCount: 2, ...changes }).catch(() => undefined);
    expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
  });
});
