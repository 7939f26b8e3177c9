import { describe, expect, it } from 'vitest';
import type { Technique } from '../methods/method-table.js';
import { tinyNetwork } from '../../test/fixtures/tiny-network.js';
import { frozenWeights, learningCount, learningRoles } from './learning-parameters.js';
import { lowRankShapes } from './low-rank-shapes.js';
import type { NetworkDefinition } from './network.js';
import { elementCount, layerParameterSpecs, parameterSpecs } from './parameters.js';
import { networkByArchitecture, NETWORKS } from './registry.js';

const CLASS_COUNT = 10;
const LORA = { type: 'LORA', rank: 8, alpha: 16 } as const;

/** What a technique trains of a whole network. */
function trained(network: NetworkDefinition, technique: Technique) {
  const specs = parameterSpecs(network, CLASS_COUNT);
  const segments = network.blocks.map(() => ({ lrMultiplier: 1 }));
  return {
    specs: specs.filter(({ isBuffer }) => !isBuffer),
    roles: learningRoles(specs, segments, technique),
    frozen: frozenWeights(specs, segments, technique).flat(),
    count: learningCount(specs, segments, technique),
  };
}

describe.each([
  ['efficientnet-lite0', '_conv_stem.weight', 16],
  ['mobilenet-v2', 'features.0.0.weight', 17],
  ['resnet50', 'conv1.weight', 0],
])('low-rank changes of %s', (architecture, stem, depthwiseCount) => {
  const { specs, roles, frozen, count } = trained(networkByArchitecture(architecture), LORA);
  const depthwise = specs.filter(({ kind }) => kind === 'depthwise').map(({ name }) => name);
  const changed = specs.filter(({ name }) => roles.get(name) === 'IS_CHANGED');

  it('leave the stem and every depthwise filter frozen, which they would not be smaller than', () => {
    expect(depthwise).toHaveLength(depthwiseCount);
    expect(frozen.toSorted()).toEqual([stem, ...depthwise].toSorted());
  });

  it('are of every other convolution, and smaller and of less rank than it is', () => {
    const expected = specs.filter(({ kind, name, isClassifier }) => kind === 'conv' && name !== stem && !isClassifier);
    expect(changed.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    for (const spec of changed) {
      const { a, b } = lowRankShapes(spec, LORA.rank);
      expect(elementCount(a) + elementCount(b), spec.name).toBeLessThan(elementCount(spec.shape));
      expect(a[0], spec.name).toBeLessThan(Math.min(a[1], b[0]));
    }
  });

  it('count r k (inputs + outputs) k numbers of each convolution, beside the classifier', () => {
    const ofChanges = changed.map(({ shape: [outputs = 0, inputs = 0, height = 0, width = 0] }) => {
      expect(height).toBe(width);
      return 8 * height * height * (inputs + outputs);
    });
    const ofClassifier = specs.filter(({ isClassifier }) => isClassifier).map(({ shape }) => elementCount(shape));
    expect(count).toBe([...ofChanges, ...ofClassifier].reduce((sum, value) => sum + value, 0));
  });
});

it('a change as large as its weight is none: 256 · 3 · (512 + 512) · 3 numbers', () => {
  const changesOf = (rank: number) => trained(networkByArchitecture('resnet50'), { ...LORA, rank }).roles;
  expect(changesOf(255).get('layer4.0.conv2.weight')).toBe('IS_CHANGED');
  expect(changesOf(256).get('layer4.0.conv2.weight')).toBeUndefined();
});

it.each(['resnet50', 'vgg19'])('NORM_TUNE trains the vectors of %s, and its classifier', (architecture) => {
  const { specs, roles, frozen, count } = trained(networkByArchitecture(architecture), { type: 'NORM_TUNE' });
  const learning = specs.filter(({ shape, isClassifier }) => shape.length === 1 || isClassifier);
  expect(learning.length).toBeGreaterThan(16);
  expect(roles).toEqual(new Map(learning.map(({ name }) => [name, 'LEARNS'])));
  const names = new Set(learning.map(({ name }) => name));
  expect(frozen).toEqual(specs.flatMap(({ name }) => (names.has(name) ? [] : [name])));
  expect(count).toBe(learning.reduce((sum, { shape }) => sum + elementCount(shape), 0));
});

it('a segment may have its norms and biases alone, whatever the technique does to the others', () => {
  const specs = parameterSpecs(tinyNetwork, 3);
  const segments = [true, true, false].map((learnsNormsOnly) => ({ lrMultiplier: 1, learnsNormsOnly }));
  const roles = learningRoles(specs, segments, { ...LORA, rank: 2 });
  expect([...roles.keys()].filter((name) => !name.startsWith('fc.'))).toEqual([
    ...['norm.weight', 'norm.bias', 'spatial_norm.weight', 'spatial_norm.bias'],
    'expand.weight',
  ]);
  expect(frozenWeights(specs, segments, { type: 'BLOCKS' })).toEqual([['stem.weight'], ['spatial.weight'], []]);
});

it.each(NETWORKS)('every block of $architecture has norms or biases', ({ blocks }) => {
  for (const { id, layers } of blocks) {
    const vectors = layerParameterSpecs(layers, 0, CLASS_COUNT).filter(
      ({ kind, isBuffer }) => kind === 'vector' && !isBuffer,
    );
    expect(vectors.length, id).toBeGreaterThan(0);
  }
});

it('a weight is frozen in a segment that learns, and not listed where its segment does not learn', () => {
  const specs = parameterSpecs(tinyNetwork, 3);
  const frozenWith = (...multipliers: number[]) =>
    frozenWeights(
      specs,
      multipliers.map((lrMultiplier) => ({ lrMultiplier })),
      { ...LORA, rank: 2 },
    );
  expect(frozenWith(1, 1, 1)).toEqual([[], ['spatial.weight'], []]);
  expect(frozenWith(1, 0, 1)).toEqual([[], [], []]);
  expect(trained(tinyNetwork, { type: 'BLOCKS' }).frozen).toEqual([]);
});
