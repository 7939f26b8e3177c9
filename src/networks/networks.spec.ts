import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readGolden, uniformAt } from '../../test/fixtures/golden/fill.js';
import { type HostTensor, readSafetensors } from '../formats/safetensors.js';
import { describeNetwork } from './describe-network.js';
import { parameterSpecs } from './parameters.js';
import { splitAtClassifier } from './network.js';
import { networkByArchitecture, NETWORKS } from './registry.js';
import { toTensorFlowLayout, toTorchLayout } from './weight-layout.js';
import { checkWeights, loadWeights } from './weights.js';

const network = networkByArchitecture('efficientnet-lite0');
const pretrained = readSafetensors(readFileSync('assets/efficientnet-lite0/weights.safetensors'));

const bytesOf = ({ data }: HostTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

describe('golden fill', () => {
  it('gives the check values of its description', () => {
    expect(uniformAt('conv1.weight', 0)).toBe(0.908837681170553);
    expect(uniformAt('input', 12287)).toBeCloseTo(0.027229877188801765, 15);
    expect(uniformAt('classifier.0.weight', 102760447)).toBeCloseTo(-0.27119280584156513, 15);
  });
});

describe.each([
  ['densenet121', 'densenet121'],
  ['efficientnet-lite0', 'efficientnet_lite0'],
  ['inception-v3', 'inception_v3'],
  ['mobilenet-v2', 'mobilenet_v2'],
  ['resnet50', 'resnet50'],
  ['vgg19', 'vgg19'],
])('%s', (architecture, file) => {
  const network = networkByArchitecture(architecture);
  const golden = readGolden(file);

  it('has the tensors of the original: names, shapes, order, kinds and blocks', () => {
    const found = parameterSpecs(network, 10).map(({ name, shape, isBuffer, blockIndex }) => [
      name,
      shape,
      isBuffer ? 'buffer' : 'param',
      blockIndex,
    ]);
    expect(found).toEqual(golden.tensors);
  });

  it('has the blocks and parameter counts of the golden partition', () => {
    const { blocks, parameterCount } = describeNetwork(network, 10);
    expect(blocks.map((block) => [block.id, block.parameterCount])).toEqual(
      golden.blocks.map(({ name, params }) => [name, params]),
    );
    expect(parameterCount).toBe(golden.parameterCount10Classes);
    expect(describeNetwork(network, 1000).parameterCount).toBe(golden.parameterCount1000Classes);
    expect(blocks.map(({ hasBatchNorm }) => hasBatchNorm)).toEqual(
      blocks.map(({ index }) => golden.tensors.some(([, , kind, block]) => kind === 'buffer' && block === index)),
    );
  });
});

describe.each(NETWORKS.map((network) => [network.architecture, network] as const))('weights of %s', (_, network) => {
  /** Shapes are all that is checked. */
  const tensors = (): Map<string, HostTensor> =>
    new Map(
      parameterSpecs(network, 10).map(({ name, shape }) => [name, { dtype: 'F32', shape, data: new Float32Array() }]),
    );
  const refusal = (change: (map: Map<string, HostTensor>) => void) => {
    const changed = tensors();
    change(changed);
    return () => checkWeights(network, changed, 10);
  };

  it('are taken in any order, and put in that of the state dict', () => {
    const shuffled = new Map([...tensors()].reverse());
    expect([...checkWeights(network, shuffled, 10)]).toEqual([...tensors()]);
  });

  it('are refused when a tensor is missing or of another shape, or one is too many', () => {
    const sampled = parameterSpecs(network, 10).filter((_, index) => index % 12 === 0);
    for (const { name, shape } of sampled) {
      expect(refusal((map) => map.delete(name))).toThrow(`tensor ${name} of ${network.architecture}`);
      const wrong = { dtype: 'F32', shape: [...shape, 1], data: new Float32Array() } as const;
      expect(refusal((map) => map.set(name, wrong))).toThrow(`tensor ${name}: expected [${shape.join(', ')}]`);
    }
    const extra = { dtype: 'F32', shape: [1], data: new Float32Array() } as const;
    expect(refusal((map) => map.set('extra', extra))).toThrow('tensor extra');
  });

  it('get a fresh head for another class count, which follows from the seed', () => {
    const heads = parameterSpecs(network, 3).filter(({ isClassifier }) => isClassifier);
    const loaded = loadWeights(network, tensors(), 3, 684);
    const again = loadWeights(network, tensors(), 3, 684);
    for (const { name, shape } of heads) {
      expect(loaded.get(name)?.shape).toEqual(shape);
      expect(loaded.get(name)?.data.some((value) => value !== 0)).toBe(true);
      expect(again.get(name)).toEqual(loaded.get(name));
    }
    expect(heads.length).toBe(network.architecture === 'inception-v3' ? 4 : 2);
  });

  it('end in a classifier that can be trained alone', () => {
    const { features, head } = splitAtClassifier(network);
    expect([...features, ...head]).toEqual(network.blocks.at(-1)?.layers);
    expect(head[0]?.type).toBe('classifier');
  });
});

it('refuses an architecture that is not registered', () => {
  expect(() => networkByArchitecture('lenet')).toThrow('architecture lenet is unknown');
});

describe('weight layout', () => {
  it('moves each element of a convolution to its place', () => {
    const data = Float32Array.from({ length: 2 * 3 * 1 * 2 }, (_, index) => index);
    const converted = toTensorFlowLayout({ dtype: 'F32', shape: [2, 3, 1, 2], data }, 'conv');
    expect(converted.shape).toEqual([1, 2, 3, 2]);
    // [h, w, in, out] = [0, 1, 2, 1] was [out, in, h, w] = [1, 2, 0, 1].
    expect(converted.data[((0 * 2 + 1) * 3 + 2) * 2 + 1]).toBe(((1 * 3 + 2) * 1 + 0) * 2 + 1);
  });

  it('turns depthwise filters to [height, width, channels, 1]', () => {
    const data = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
    const converted = toTensorFlowLayout({ dtype: 'F32', shape: [2, 1, 2, 2], data }, 'depthwise');
    expect(converted).toEqual({ dtype: 'F32', shape: [2, 2, 2, 1], data: Float32Array.of(0, 4, 1, 5, 2, 6, 3, 7) });
  });

  it('restores every pretrained tensor exactly', () => {
    for (const { name, kind } of parameterSpecs(network, 1000)) {
      const tensor = pretrained.get(name);
      if (tensor === undefined) throw new Error(name);
      const back = toTorchLayout(toTensorFlowLayout(tensor, kind), kind);
      expect(back.shape).toEqual(tensor.shape);
      expect(Buffer.compare(bytesOf(back), bytesOf(tensor))).toBe(0);
    }
  });
});

describe('loadWeights', () => {
  it('keeps the pretrained tensors and replaces a classifier of another class count', () => {
    const weights = loadWeights(network, pretrained, 10, 684);
    expect(weights.get('_conv_stem.weight')).toBe(pretrained.get('_conv_stem.weight'));
    const head = weights.get('_fc.weight');
    expect(head?.shape).toEqual([10, 1280]);
    const bound = 1 / Math.sqrt(1280);
    expect(Math.max(...(head?.data ?? []))).toBeLessThanOrEqual(bound);
    expect(Math.max(...(head?.data ?? []))).toBeGreaterThan(0.99 * bound);
    expect(Math.min(...(head?.data ?? []))).toBeLessThan(-0.99 * bound);
  });

  it('keeps a classifier of the same class count', () => {
    expect(loadWeights(network, pretrained, 1000, 1).get('_fc.weight')).toBe(pretrained.get('_fc.weight'));
  });

  it('draws the classifier from the seed', () => {
    const head = (seed: number) => loadWeights(network, pretrained, 10, seed).get('_fc.weight')?.data;
    expect(head(1)).toEqual(head(1));
    expect(head(1)).not.toEqual(head(2));
  });

  it.each([
    [
      'a tensor that is missing',
      '_bn0.bias',
      undefined,
      'tensor _bn0.bias of efficientnet-lite0: expected [32], found no',
    ],
    ['a tensor too many', '_bn9.bias', [3], 'tensor _bn9.bias of efficientnet-lite0: expected no tensor, found [3]'],
    ['a tensor of another shape', '_bn0.bias', [31], 'tensor _bn0.bias: expected [32], found [31]'],
    ['a classifier of another width', '_fc.weight', [10, 64], 'tensor _fc.weight: expected [10, 1280], found [10, 64]'],
  ])('refuses %s', (_, name, shape, message) => {
    const tensors = new Map(pretrained);
    if (shape === undefined) tensors.delete(name);
    else tensors.set(name, { dtype: 'F32', shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
    expect(() => loadWeights(network, tensors, 10, 1)).toThrow(message);
    expect(() => checkWeights(network, tensors, 10)).toThrow(expect.objectContaining({ reason: 'WEIGHTS_INVALID' }));
  });
});
