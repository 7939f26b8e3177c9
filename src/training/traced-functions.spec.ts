import { afterAll, describe, expect, it } from 'vitest';
import { goldenWeights } from '../../test/fixtures/golden/fill.js';
import {
  tinyImages,
  tinyNetwork,
  tinyNetworkCutAtClassifier,
  tinyPixels,
  tinyProtocol,
  tinyWeights,
} from '../../test/fixtures/tiny-network.js';
import type { HostTensor } from '../formats/safetensors.js';
import type { NetworkDefinition } from '../networks/network.js';
import { parameterSpecs } from '../networks/parameters.js';
import { networkByArchitecture } from '../networks/registry.js';
import type { Weights } from '../networks/weights.js';
import {
  backendSettings,
  type Binding,
  type Execution,
  nativeFunctionCount,
  nativeTensorCount,
  nodeBackend,
  tf,
  tracingBinding,
} from './backend.js';
import { BlockOptimizer } from './block-optimizer.js';
import { fineTune } from './fine-tune.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { imagesInMemory, type LabelledImages } from './image-batches.js';
import { InferenceModel } from './inference-model.js';
import { blockSegments, ModelState } from './model-state.js';
import { TracedFunctions } from './traced-functions.js';
import { trainStep } from './train-step.js';
import { lossOf, plainStep } from '../../test/fixtures/steps.js';

const efficientNet = networkByArchitecture('efficientnet-lite0');
const efficientNetWeights = goldenWeights(parameterSpecs(efficientNet, 3));

interface Setup {
  readonly network: NetworkDefinition;
  readonly weights: Weights;
  readonly sizePx: number;
  readonly multipliers: readonly number[];
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
}

/** Twenty steps whose rate changes and whose every fifth batch is smaller, then a prediction. */
function outcome({ network, weights, sizePx, multipliers, frozenBatchNorm }: Setup, execution: Execution) {
  const lrMultipliers = network.blocks.map((_, index) => multipliers[index] ?? multipliers.at(-1) ?? 0);
  const functions = new TracedFunctions(execution);
  const segments = blockSegments(network, lrMultipliers, frozenBatchNorm);
  const state = new ModelState(segments, weights, 3, { functions });
  const losses: number[] = [];
  for (let step = 1; step <= 20; step++) {
    const batchSize = step % 5 === 0 ? 3 : 8;
    const input = tf.randomUniform([batchSize, sizePx, sizePx, 3], -1, 1, 'float32', step);
    const labels = Int32Array.from({ length: batchSize }, (_, index) => (index + step) % 3);
    losses.push(lossOf(trainStep(state, { input, labels }, plainStep({ learningRate: 1e-2 / step }))));
    input.dispose();
  }
  const inference = new InferenceModel(
    network.blocks.flatMap(({ layers }) => layers),
    functions,
  );
  state.loadInto(inference);
  const logits = tf.tidy(() => {
    const input = tf.randomUniform([5, sizePx, sizePx, 3], -1, 1, 'float32', 99);
    return [1, 2].map(() => [...inference.run(input).dataSync()]);
  });
  const result = { losses, logits, weights: state.toHost() };
  for (const part of [inference, state, functions]) part.dispose();
  return result;
}

describe('traced execution gives the bits of eager execution', () => {
  const tiny = { network: tinyNetwork, weights: tinyWeights(), sizePx: 8, frozenBatchNorm: 'EVAL' } as const;
  const lite = { network: efficientNet, weights: efficientNetWeights, sizePx: 32, frozenBatchNorm: 'EVAL' } as const;

  it.each<[string, Setup]>([
    ['every kind of layer, all trained', { ...tiny, multipliers: [1] }],
    ['a frozen block between trained ones', { ...tiny, multipliers: [1, 0, 0.5] }],
    ['a classifier alone', { ...tiny, network: tinyNetworkCutAtClassifier, multipliers: [0, 0, 0, 1] }],
    ['EfficientNet-Lite0, all trained', { ...lite, multipliers: [1] }],
    ['EfficientNet-Lite0 over a frozen prefix', { ...lite, multipliers: [0, 0, 0, 0, 0, 0, 1, 2, 0.5] }],
    [
      'EfficientNet-Lite0 over a frozen prefix that uses batch statistics',
      { ...lite, frozenBatchNorm: 'TRAIN', multipliers: [0, 0, 0, 0, 0, 0, 1, 2, 0.5] },
    ],
    ['EfficientNet-Lite0, the head alone', { ...lite, multipliers: [0, 0, 0, 0, 0, 0, 0, 0, 1] }],
  ])('%s', (_, setup) => {
    const before = [nativeTensorCount(), nativeFunctionCount()];
    const eager = outcome(setup, 'EAGER');
    const traced = outcome(setup, 'TRACED');
    expect(traced.losses).toEqual(eager.losses);
    expect(differingTensors(traced.weights, eager.weights)).toEqual([]);
    expect(traced.logits).toEqual(eager.logits);
    expect([nativeTensorCount(), nativeFunctionCount()]).toEqual(before);
  });
});

describe('TracedFunctions', () => {
  const library = new TracedFunctions('TRACED');
  const functions = library.enter('tests');
  afterAll(() => {
    functions.leave();
    library.dispose();
  });

  /** What three calls give: op by op, then twice as a function. */
  const thrice = (name: string, body: (x: tf.Tensor) => tf.Tensor) =>
    [1, 2, 3].map((value) =>
      tf.tidy(() => {
        const x = tf.tensor1d([value, 10 * value]);
        return functions.run(name, [x], () => [body(x)]).map((output) => [...output.dataSync()]);
      }),
    );

  it('computes with its arguments, and with constants of the first run', () => {
    expect(thrice('linear', (x) => x.mul(tf.scalar(2)).add(tf.tensor1d([1, 2])))).toEqual([
      [[3, 22]],
      [[5, 42]],
      [[7, 62]],
    ]);
  });

  it.each<[string, (x: tf.Tensor) => tf.Tensor, number[]]>([
    ['ConcatV2', (x) => tf.concat([x, x, tf.tensor1d([7])]), [3, 30, 3, 30, 7]],
    ['Pack', (x) => tf.stack([x, tf.zerosLike(x)]), [3, 30, 0, 0]],
    ['AddN', (x) => tf.addN([x, x, x]), [9, 90]],
  ])('records an op with a list of inputs: %s', (name, body, expected) => {
    expect(thrice(name, body)[2]).toEqual([expected]);
  });

  it('traces again for another shape', () => {
    const sum = (shape: number[]) =>
      tf.tidy(() => {
        const x = tf.ones(shape);
        return functions.run('sum', [x], () => [tf.sum(x)])[0]?.dataSync()[0];
      });
    expect([[2], [2], [3], [3], [2]].map(sum)).toEqual([2, 2, 3, 3, 2]);
  });

  it('changes variables, and frees what it made', () => {
    const before = [nativeTensorCount(), nativeFunctionCount()];
    const own = new TracedFunctions('TRACED');
    const scope = own.enter('update');
    const optimizer = new BlockOptimizer({ type: 'ADAM', weightDecay: 0 });
    const zero = tf.zeros([1]);
    const gradient = tf.ones([1]);
    optimizer.add('x', zero, 0);
    const values = [0.5, 0.25, 0, 0.25].map((rate) => {
      tf.tidy(() => {
        const numbers = optimizer.nextNumbers([rate]);
        scope.run('step', [gradient, ...numbers, ...optimizer.handles, ...optimizer.slotHandles], () => {
          optimizer.update(new Map([['x', gradient]]), numbers);
          return [];
        });
      });
      return tf.tidy(() => optimizer.read().get('x')?.dataSync()[0] ?? NaN);
    });
    [-0.5, -0.75, -0.75, -1].forEach((value, step) => expect(values[step]).toBeCloseTo(value, 5));
    expect(values[2]).toBe(values[1]);
    expect(nativeFunctionCount()).toBe((before[1] ?? 0) + 1);
    scope.leave();
    own.dispose();
    optimizer.dispose();
    tf.dispose([zero, gradient]);
    expect([nativeTensorCount(), nativeFunctionCount()]).toEqual(before);
  });

  it.each<[string, (x: tf.Tensor, other: tf.Tensor) => tf.Tensor, string]>([
    ['that reads a tensor', (x) => x.mul(tf.scalar(x.dataSync()[0] ?? 0)), 'a number that is read'],
    ['that uses a tensor from elsewhere', (x, other) => x.add(other), 'not among its arguments'],
    ['that TensorFlow refuses', (x) => tf.concat([x, tf.zeros([2, 2])]), 'Ranks'],
  ])('refuses work %s, and leaves nothing behind', (_, body, message) => {
    const x = tf.tensor1d([1, 2]);
    const other = tf.neg(x);
    const before = [tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount(), nodeBackend().binding];
    expect(() => functions.run('refused', [x], () => [body(tf.add(x, tf.scalar(1)), other)])).toThrow(message);
    expect([tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount(), nodeBackend().binding]).toEqual(before);
    tf.dispose([x, other]);
  });
});

describe('the patched addon', () => {
  const attribute = (name: string, type: number, value: number | string | number[] | string[]) => ({
    name,
    type,
    value,
  });

  it('takes lists of tensors, types and strings', () => {
    const { binding } = nodeBackend();
    const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_STRING } = binding;
    const [a, b] = [
      [1, 2],
      [10, 20],
    ].map((values) => binding.createTensor([1, 2], TF_FLOAT, Float32Array.from(values))) as [number, number];
    const square = binding.createTensor([2, 2], TF_FLOAT, Float32Array.of(1, 2, 3, 4));
    const bias = binding.createTensor([2], TF_FLOAT, Float32Array.of(100, 200));
    // The stock types know neither lists of tensors nor lists of strings.
    const executeOp = binding.executeOp as (
      op: string,
      attributes: object[],
      inputs: unknown[],
      count: number,
    ) => { id: number }[];
    const identities = executeOp('IdentityN', [attribute('T', TF_ATTR_TYPE, [TF_FLOAT, TF_FLOAT])], [[a, b]], 2);
    const fused = executeOp(
      '_FusedMatMul',
      [
        attribute('T', TF_ATTR_TYPE, TF_FLOAT),
        attribute('num_args', TF_ATTR_INT, 1),
        attribute('fused_ops', TF_ATTR_STRING, ['BiasAdd']),
      ],
      [a, square, [bias]],
      1,
    );
    expect([...identities, ...fused].map(({ id }) => [...binding.tensorDataSync(id)])).toEqual([
      [1, 2],
      [10, 20],
      [107, 210],
    ]);
    for (const id of [a, b, square, bias, ...[...identities, ...fused].map((output) => output.id)])
      binding.deleteTensor(id);
  });

  it('explains a graph that makes no sense, and stays usable', () => {
    const binding = tracingBinding();
    if (binding === undefined) throw new Error('not patched');
    const node = { op: 'Relu', attributes: [], inputs: [0] };
    expect(() => binding.createFunction('bad', [node], 0, [])).toThrow('no value 0');
    expect(() => binding.createFunction('bad', [{ ...node, op: 'NoSuchOp', inputs: [] }], 0, [])).toThrow('NoSuchOp');
    expect(() => binding.createFunction('bad', [{ ...node, op: 'Const', inputs: [], tensorId: -1 }], 0, [])).toThrow(
      'unknown tensor',
    );
    expect(() => binding.deleteFunction('never made')).toThrow('never made');
    expect(nativeFunctionCount()).toBe(0);
  });
});

describe('a training', () => {
  const normalization = { mean: [110, 110, 110], std: [60, 60, 60] };
  const options: FineTuneOptions = {
    network: tinyNetwork,
    pretrained: tinyWeights(),
    classCount: 3,
    normalization,
    train: tinyImages(27),
    validation: tinyImages(21, 'validation'),
    lrMultipliers: [1, 1, 1],
    trainedPart: 'BLOCKS',
    ...tinyProtocol,
    epochCount: 3,
    patienceEpochs: 3,
    batchSize: 8,
  };
  const train = (changes: Partial<FineTuneOptions>) =>
    fineTune({ ...options, ...changes }, { onEpoch: () => undefined });

  it.each<[string, Partial<FineTuneOptions>]>([
    ['of blocks', {}],
    ['of the classifier', { trainedPart: 'CLASSIFIER' }],
    [
      "of EfficientNet-Lite0's classifier",
      {
        network: efficientNet,
        pretrained: efficientNetWeights,
        train: enlarged(tinyPixels(19), 32),
        validation: enlarged(tinyPixels(9, 'validation'), 32),
        lrMultipliers: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        trainedPart: 'CLASSIFIER',
      },
    ],
  ])('%s runs with the stock addon, to the same bits', async (_, changes) => {
    const traced = await train(changes);
    const backend = nodeBackend();
    const patched = backend.binding;
    backend.binding = Object.create(patched, { createFunction: { value: undefined } }) as Binding;
    try {
      expect(backendSettings().execution).toBe('EAGER');
      const eager = await train(changes);
      expect(differingTensors(traced.weights, eager.weights)).toEqual([]);
      expect(traced.best).toEqual(eager.best);
    } finally {
      backend.binding = patched;
    }
    expect(backendSettings().execution).toBe('TRACED');
  });

  it('leaves nothing behind, fifty times', async () => {
    const counts = () => [tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount()];
    const before = counts();
    let rssAfterFive = NaN;
    for (let trial = 1; trial <= 50; trial++) {
      const lrMultipliers = [0, 1, 2].map((block) => (((trial % 7) + 1) >> block) & 1);
      await train({ lrMultipliers, frozenBatchNorm: trial % 2 === 0 ? 'EVAL' : 'TRAIN', seed: trial });
      if (trial === 5) rssAfterFive = process.memoryUsage().rss;
    }
    expect(counts()).toEqual(before);
    expect(process.memoryUsage().rss).toBeLessThan(1.1 * rssAfterFive);
  });
});

/** Each pixel of 8 px images becomes a square. */
function enlarged({ pixels, labels }: ReturnType<typeof tinyPixels>, sizePx: number): LabelledImages {
  const larger = new Uint8Array(labels.length * sizePx * sizePx * 3).map((_, index) => {
    const [channel, column, row] = [index % 3, Math.floor(index / 3) % sizePx, Math.floor(index / 3 / sizePx) % sizePx];
    const image = Math.floor(index / 3 / sizePx / sizePx);
    const [x, y] = [column, row].map((place) => Math.floor((place * 8) / sizePx)) as [number, number];
    return pixels[((image * 8 + y) * 8 + x) * 3 + channel] ?? 0;
  });
  return imagesInMemory(larger, labels, sizePx);
}

function differingTensors(found: Weights, expected: Weights): string[] {
  const bits = (tensor: HostTensor | undefined) => Buffer.from(tensor?.data.buffer ?? new ArrayBuffer());
  return [...expected.keys()].filter((name) => !bits(found.get(name)).equals(bits(expected.get(name))));
}
