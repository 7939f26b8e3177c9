import { describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { plainStep } from '../../../test/fixtures/steps.js';
import {
  plainTinyNetwork,
  tinyNetwork,
  tinyNetworkCutAtClassifier,
  tinyWeights,
} from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, train } from '../../../test/fixtures/training.js';
import type { Technique } from '../../methods/method-table.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { parameterSpecs } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import { tf } from '../device/backend.js';
import { lossAndGradients } from '../loop/batch-gradients.js';
import { blockSegments, ModelState } from './model-state.js';

const NORM_TUNE = { type: 'NORM_TUNE' } as const;
const NORMS = ['norm', 'spatial_norm', 'expand_norm'];
const scalesAndOffsets = NORMS.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
const statistics = NORMS.flatMap((name) => [`${name}.running_mean`, `${name}.running_var`]);
const HEAD = ['fc.weight', 'fc.bias'];

function gradientsBy(technique: Technique, network: NetworkDefinition, weights: Weights) {
  const state = new ModelState(blockSegments(network, [1, 1, 1], 'EVAL'), weights, 3, { technique });
  const input = tf.randomUniform([7, 8, 8, 3], -1, 1, 'float32', 5);
  const batch = { input, labels: Int32Array.of(0, 1, 2, 0, 1, 2, 0) };
  const found = lossAndGradients(state, batch, plainStep());
  const values = new Map([...found.gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]]));
  tf.dispose([input, ...found.gradients.values(), ...found.statistics.values()]);
  state.dispose();
  return { loss: found.loss, values };
}

describe.each<[string, NetworkDefinition, Weights, string[]]>([
  ['scales and offsets of BatchNorm', tinyNetwork, tinyWeights(), [...scalesAndOffsets, ...HEAD]],
  [
    'biases of convolutions',
    plainTinyNetwork,
    goldenWeights(parameterSpecs(plainTinyNetwork, 3)),
    ['stem.bias', 'wide.bias', ...HEAD],
  ],
])('the gradients of %s', (_, network, weights, learning) => {
  it('are those of a training of all blocks, and no others are taken but those of the head', () => {
    const before = leftovers();
    const all = gradientsBy({ type: 'BLOCKS' }, network, weights);
    const tuned = gradientsBy(NORM_TUNE, network, weights);
    expect([...tuned.values.keys()].toSorted()).toEqual(learning.toSorted());
    expect(Math.abs(tuned.loss - all.loss)).toBeLessThan(1e-6);
    for (const [name, values] of tuned.values) {
      const expected = all.values.get(name) ?? [];
      expect(Math.max(...expected.map(Math.abs)), name).toBeGreaterThan(1e-4);
      values.forEach((value, index) => expect(Math.abs(value - (expected[index] ?? NaN)), name).toBeLessThan(1e-6));
    }
    expect(leftovers()).toEqual(before);
  });
});

describe('a training of norms and biases', () => {
  it('moves them, the head and, with batch statistics, the running statistics; and counts what learns', async () => {
    const { weights, epochs, trainedParameterCount } = await train({ technique: NORM_TUNE, epochCount: 6 });
    const moved = [...scalesAndOffsets, ...statistics, ...HEAD];
    expect(differingTensors(weights, tinyWeights()).toSorted()).toEqual(moved.toSorted());
    expect(trainedParameterCount).toBe(2 * (8 + 8 + 16) + 3 * 16 + 3);
    expect(epochs.at(-1)?.trainLoss).toBeLessThan(epochs[0]?.trainLoss ?? 0);
  });

  it.each([
    ['behind a block that learns whole', [1, 1, 1], ['stem.weight', 'norm.weight', 'norm.bias']],
    ['behind one that is frozen, and so no part of what is trained', [0, 1, 1], []],
  ])('may be that of one block, %s, while the others learn whole', async (_, lrMultipliers, ofStem) => {
    const options = { frozenBatchNorm: 'EVAL', lrMultipliers, epochCount: 2 } as const;
    const [tuned, whole] = [await train({ ...options, normBlocks: [1] }), await train(options)];
    const movedOf = ({ weights }: typeof tuned) =>
      differingTensors(weights, tinyWeights()).filter((name) => !name.includes('.running_'));
    const moved = [...ofStem, 'spatial_norm.weight', 'spatial_norm.bias', 'expand.weight', 'expand_norm.weight'];
    expect(movedOf(tuned).toSorted()).toEqual([...moved, 'expand_norm.bias', ...HEAD].toSorted());
    expect(movedOf(whole).toSorted()).toEqual([...movedOf(tuned), 'spatial.weight'].toSorted());
    expect(tuned.trainedParameterCount).toBe(whole.trainedParameterCount - 8 * 3 * 3);
  });

  it('is that of all blocks where each before the head has its norms and biases alone', async () => {
    const options = { epochCount: 2, network: tinyNetworkCutAtClassifier, lrMultipliers: [1, 1, 1, 1] };
    const [ofBlocks, ofAll] = [
      await train({ ...options, normBlocks: [0, 1, 2] }),
      await train({ ...options, technique: NORM_TUNE }),
    ];
    expect(differingTensors(ofBlocks.weights, ofAll.weights)).toEqual([]);
    expect(differingTensors(ofBlocks.weights, tinyWeights())).toContain('expand_norm.bias');
  });

  it.each([
    ['that is frozen', [0, 1, 1], 0],
    ['with the head', [1, 1, 1], 2],
    ['that does not exist', [1, 1, 1], 3],
  ])('cannot be that of a block %s', async (_, lrMultipliers, block) => {
    await expect(train({ lrMultipliers, normBlocks: [block] })).rejects.toMatchObject({ reason: 'FIELD_INVALID' });
  });

  it('leaves norms of a block without a multiplier alone', async () => {
    const { weights } = await train({ technique: NORM_TUNE, lrMultipliers: [0, 1, 1], epochCount: 1 });
    expect(differingTensors(weights, tinyWeights()).filter((name) => name.startsWith('norm.'))).toEqual([]);
  });
});
