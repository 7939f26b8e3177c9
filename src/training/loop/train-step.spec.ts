import { describe, expect, it } from 'vitest';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { conv, idle } from '../../networks/layer-builders.js';
import type { NetworkDefinition } from '../../networks/network.js';
import type { Weights } from '../../networks/weights.js';
import { nativeTensorCount, type Tensor, tf } from '../device/backend.js';
import { lossAndGradients } from './batch-gradients.js';
import { ModelState } from '../model/model-state.js';
import { trainStep } from './train-step.js';

const LABELS = Int32Array.of(0, 2);

function stateOf(
  network: NetworkDefinition,
  weights: Weights,
  classCount: number,
  isTrained: (block: number) => boolean,
) {
  const segments = network.blocks.map(({ id, layers }, index) => ({
    id,
    layers,
    lrMultiplier: isTrained(index) ? 1 : 0,
    usesBatchStatistics: false,
  }));
  return new ModelState(segments, weights, classCount);
}

/** Gradients by name, in this process's memory. */
function gradientsOf(state: ModelState, input: Tensor): Map<string, Float32Array> {
  const { gradients, statistics } = lossAndGradients(state, { input, labels: LABELS }, plainStep());
  const values = new Map([...gradients].map(([name, tensor]) => [name, tensor.dataSync<'float32'>()]));
  tf.dispose([...gradients.values(), ...statistics.values()]);
  return values;
}

describe('lossAndGradients', () => {
  it('passes gradients through frozen blocks between trained ones', () => {
    const input = tf.randomUniform([2, 8, 8, 3], -1, 1, 'float32', 1);
    const full = stateOf(tinyNetwork, tinyWeights(), 3, () => true);
    const around = stateOf(tinyNetwork, tinyWeights(), 3, (block) => block !== 1);
    const expected = gradientsOf(full, input);
    const found = gradientsOf(around, input);
    expect([...found.keys()].some((name) => name.startsWith('spatial'))).toBe(false);
    expect(relativeDistance(found.get('stem.weight'), expected.get('stem.weight'))).toBeLessThan(1e-6);
    full.dispose();
    around.dispose();
    input.dispose();
  });

  it('agrees with finite differences', () => {
    const input = tf.randomUniform([2, 8, 8, 3], -1, 1, 'float32', 2);
    const weights = tinyWeights();
    const state = stateOf(tinyNetwork, weights, 3, () => true);
    const gradient = gradientsOf(state, input).get('expand_norm.bias')?.[3] ?? NaN;
    state.dispose();
    const lossAt = (shift: number) => {
      const tensor = weights.get('expand_norm.bias');
      if (tensor === undefined) throw new Error('no tensor');
      const data = tensor.data.map((value, index) => (index === 3 ? value + shift : value));
      const moved = stateOf(
        tinyNetwork,
        new Map([...weights, ['expand_norm.bias', { ...tensor, data }]]),
        3,
        () => true,
      );
      const { loss, gradients } = lossAndGradients(moved, { input, labels: LABELS }, plainStep());
      tf.dispose([...gradients.values()]);
      moved.dispose();
      return loss;
    };
    expect((lossAt(1e-2) - lossAt(-1e-2)) / 2e-2).toBeCloseTo(gradient, 3);
    input.dispose();
  });
});

it('leaves no tensors behind, and none of a failed step', () => {
  const state = stateOf(tinyNetwork, tinyWeights(), 3, (block) => block > 0);
  const input = tf.zeros([2, 8, 8, 3]);
  const batch = { input, labels: LABELS };
  const tooFewLabels = { input, labels: Int32Array.of(0) };
  lossOf(trainStep(state, batch, plainStep()));
  expect(() => trainStep(state, tooFewLabels, plainStep())).toThrow();
  const before = [tf.memory().numTensors, nativeTensorCount()];
  lossOf(trainStep(state, batch, plainStep()));
  expect(() => trainStep(state, tooFewLabels, plainStep())).toThrow();
  expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
  state.dispose();
  input.dispose();
});

it('trains nothing in a block that does not run, and keeps its tensors', () => {
  const idleBlock = { id: 'idle', displayName: 'Idle', layers: [idle([conv('aside', 8, 4)])] };
  const network = { ...tinyNetwork, blocks: tinyNetwork.blocks.toSpliced(2, 0, idleBlock) };
  const aside = { dtype: 'F32', shape: [4, 8, 1, 1], data: new Float32Array(32).fill(7) } as const;
  const weights = new Map([...tinyWeights(), ['aside.weight', aside] as const]);
  const state = stateOf(network, weights, 3, (block) => block === 2);
  const input = tf.ones([2, 8, 8, 3]);
  const losses = [1, 2].map(() => lossOf(trainStep(state, { input, labels: LABELS }, plainStep())));
  expect(losses[1]).toBe(losses[0]);
  expect(state.trainedParameterCount).toBe(0);
  expect(state.toHost().get('aside.weight')).toEqual(aside);
  state.dispose();
  input.dispose();
});

function relativeDistance(found: Float32Array | undefined, expected: Float32Array | undefined): number {
  if (found === undefined || expected === undefined) return NaN;
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return expected.reduce((max, value, index) => Math.max(max, Math.abs((found[index] ?? NaN) - value)), 0) / largest;
}
