import { describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { plainTinyNetwork, tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';
import type { Weights } from '../../networks/weights.js';
import { nativeTensorCount, tf } from '../device/backend.js';
import { microBatches, microBatchSizes } from './micro-batches.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { type StepSettings, trainStep } from '../loop/train-step.js';

const BATCH_SIZE = 7;
const sizes = Array.from({ length: BATCH_SIZE }, (_, index) => index + 1);

describe('microBatchSizes', () => {
  it.each([
    [8, undefined, [8]],
    [8, 9, [8]],
    [8, 4, [4, 4]],
    [7, 3, [2, 2, 3]],
    [9, 4, [3, 3, 3]],
    [3, 1, [1, 1, 1]],
    [1, 4, [1]],
    [3, 2, [3]],
    [5, 2, [2, 3]],
  ])('of %i examples, at most %s at a time: %j', (exampleCount, sizeMax, expected) => {
    expect(microBatchSizes(exampleCount, sizeMax)).toEqual(expected);
  });

  it('leave no example alone unless pieces of one are requested', () => {
    for (let exampleCount = 2; exampleCount <= 40; exampleCount++) {
      for (let sizeMax = 2; sizeMax <= exampleCount; sizeMax++) {
        const sizes = microBatchSizes(exampleCount, sizeMax);
        expect(Math.min(...sizes), `${exampleCount} by ${sizeMax}`).toBeGreaterThan(1);
        expect(Math.max(...sizes), `${exampleCount} by ${sizeMax}`).toBeLessThanOrEqual(Math.max(sizeMax, 3));
      }
    }
  });
});

it('microBatches keeps each example beside its label', () => {
  tf.tidy(() => {
    const batch = { input: tf.range(0, 7).reshape([7, 1]), labels: Int32Array.of(0, 1, 2, 3, 4, 5, 6) };
    const pieces = [...microBatches(batch, [2, 2, 3])];
    expect(pieces.map(({ labels }) => [...labels])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5, 6],
    ]);
    for (const { input, labels } of pieces) expect([...input.dataSync()]).toEqual([...labels]);
  });
});

interface Setup {
  readonly network: NetworkDefinition;
  readonly weights: Weights;
  readonly sizePx: number;
}

/** Losses and weights of three steps. */
function threeSteps({ network, weights, sizePx }: Setup, settings: StepSettings) {
  const segments = blockSegments(
    network,
    network.blocks.map(() => 1),
    'EVAL',
  );
  const optimizer = { type: 'SGD', weightDecay: 0, momentum: 0.9 } as const;
  const state = new ModelState(segments, weights, 3, { optimizer });
  const losses = [1, 2, 3].map((step) => {
    const input = tf.randomUniform([BATCH_SIZE, sizePx, sizePx, 3], -1, 1, 'float32', step);
    const labels = Int32Array.from({ length: BATCH_SIZE }, (_, index) => (index * index + step) % 3);
    const loss = lossOf(trainStep(state, { input, labels }, settings));
    input.dispose();
    return loss;
  });
  const after = state.toHost();
  state.dispose();
  return { losses, weights: after };
}

const squeezeNet = networkByArchitecture('squeezenet1-1');
const plain: Setup = {
  network: plainTinyNetwork,
  weights: goldenWeights(parameterSpecs(plainTinyNetwork, 3)),
  sizePx: 8,
};
const squeeze: Setup = {
  network: squeezeNet,
  weights: goldenWeights(parameterSpecs(squeezeNet, 3)),
  sizePx: squeezeNet.inputSizePxMin,
};

describe.each<[string, Setup, Partial<StepSettings>]>([
  ['a tiny network', plain, {}],
  ['a tiny network with class weights', plain, { classWeights: [0.5, 3, 1] }],
  ['a tiny network with clipping', plain, { gradientNormMax: 0.1 }],
  ['a tiny network with all of it', plain, { classWeights: [0.5, 3, 1], gradientNormMax: 0.1, labelSmoothing: 0.1 }],
  ['SqueezeNet 1.1', squeeze, {}],
  ['SqueezeNet 1.1 with all of it', squeeze, { classWeights: [0.5, 3, 1], gradientNormMax: 0.1, labelSmoothing: 0.1 }],
])('micro-batches of %s', (_, setup, changes) => {
  const settings = plainStep({ learningRate: 1e-3, ...changes });
  const whole = threeSteps(setup, settings);

  it.each(sizes)('of at most %i give the losses and weights of the whole batch', (microBatchSize) => {
    const before = [tf.memory().numTensors, nativeTensorCount()];
    const found = threeSteps(setup, { ...settings, microBatchSize });
    found.losses.forEach((loss, step) => expect(Math.abs(loss / (whole.losses[step] ?? NaN) - 1)).toBeLessThan(1e-6));
    for (const [name, { data }] of whole.weights) {
      const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      const values = found.weights.get(name)?.data;
      const worst = data.reduce((max, value, index) => Math.max(max, Math.abs(value - (values?.[index] ?? NaN))), 0);
      expect(worst / largest, name).toBeLessThan(1e-6);
    }
    expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
  });
});

describe('micro-batches of a network with BatchNorm', () => {
  const input = tf.ones([4, 8, 8, 3]);
  const batch = { input, labels: Int32Array.of(0, 1, 2, 0) };
  const stateOf = (multipliers: number[], frozenBatchNorm: 'EVAL' | 'TRAIN') =>
    new ModelState(blockSegments(tinyNetwork, multipliers, frozenBatchNorm), tinyWeights(), 3);

  it.each<['EVAL' | 'TRAIN', string]>([
    ['EVAL', 'head'],
    ['TRAIN', 'stem, middle, head'],
  ])('of one example are refused, and leave nothing behind: %s', (frozenBatchNorm, blocks) => {
    const state = stateOf([0, 0, 1], frozenBatchNorm);
    const before = [tf.memory().numTensors, nativeTensorCount()];
    expect(() => trainStep(state, batch, plainStep({ microBatchSize: 1 }))).toThrow(
      expect.objectContaining({ reason: 'BATCH_OF_ONE', metadata: { blocks } }),
    );
    expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
    state.dispose();
  });

  it('of two examples train, and move the running statistics once each', () => {
    const state = stateOf([0, 0, 1], 'TRAIN');
    lossOf(trainStep(state, batch, plainStep({ microBatchSize: 2 })));
    const start = tinyWeights().get('norm.running_mean')?.data ?? [];
    const after = state.toHost().get('norm.running_mean')?.data ?? [];
    const once = stateOf([0, 0, 1], 'TRAIN');
    lossOf(trainStep(once, batch, plainStep()));
    const target = once.toHost().get('norm.running_mean')?.data ?? [];
    // All examples are equal, so each piece has the batch's mean: a step of 0.1 towards it, then one of 0.09.
    start.forEach((value, index) =>
      expect(((after[index] ?? NaN) - value) / ((target[index] ?? NaN) - value)).toBeCloseTo(1.9, 4),
    );
    state.dispose();
    once.dispose();
  });
});
