import { describe, expect, it } from 'vitest';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetwork, tinyProtocol, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { expectNumbersAgree, expectWeightsAgree } from '../../../test/fixtures/traced-agreement.js';
import { differingTensors, leftovers, tinyTraining, train } from '../../../test/fixtures/training.js';
import { classifier, conv, depthwiseConv, flatten, linear, relu6, batchNorm } from '../../networks/layer-builders.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { elementCount, layerParameterSpecs, parameterSpecs } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import { randomStream } from '../../random/random-stream.js';
import { type Tensor, tf } from '../device/backend.js';
import { lossAndGradients } from '../loop/batch-gradients.js';
import { evaluate } from '../metrics/evaluate.js';
import { InferenceModel } from './inference-model.js';
import { runLayers } from './layer-run.js';
import { LowRankChange } from './low-rank-change.js';
import { blockSegments, ModelState } from './model-state.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { trainStep } from '../loop/train-step.js';

const LORA = { type: 'LORA', rank: 2, alpha: 6 } as const;

/** Every kind of weight that is changed, and a depthwise filter, which is not. */
const network: NetworkDefinition = {
  architecture: 'low-rank',
  inputSizePxMin: 8,
  blocks: [
    {
      id: 'convs',
      displayName: 'Convolutions',
      layers: [
        conv('square', 3, 8, { kernelSize: 3, stride: 2, padding: 'SAME', hasBias: true }),
        batchNorm('norm', 8),
        relu6,
        depthwiseConv('depthwise', 8, { kernelSize: 3, padding: 'SAME' }),
        conv('row', 8, 5, { kernelSize: [1, 7], padding: [0, 3] }),
        conv('column', 5, 5, { kernelSize: [7, 1], padding: [3, 0] }),
        conv('point', 5, 4),
      ],
    },
    { id: 'head', displayName: 'Head', layers: [flatten, linear('dense', 64, 7), classifier('fc', 7)] },
  ],
};

/** Uniform in ±0.5; variances and scales are positive. */
const weights: Weights = new Map(
  parameterSpecs(network, 3).map(({ name, shape }) => {
    const next = randomStream(name);
    const shift = name === 'norm.running_var' || name === 'norm.weight' ? 0.5 : -0.5;
    return [name, { dtype: 'F32', shape, data: new Float32Array(elementCount(shape)).map(() => next() + shift) }];
  }),
);
const CHANGED = ['square', 'row', 'column', 'point', 'dense'].map((name) => `${name}.weight`);
const HEAD = ['fc.weight', 'fc.bias'];
const MATRICES = CHANGED.flatMap((name) => [`${name}.lora_A`, `${name}.lora_B`]);

const stateOf = (
  changes: { multipliers?: number[]; seed?: number; functions?: TracedFunctions; usesBatchStatistics?: boolean } = {},
) => {
  const { multipliers = [1, 1], usesBatchStatistics = false, ...options } = changes;
  const segments = blockSegments(network, multipliers, 'EVAL').map((segment) => ({ ...segment, usesBatchStatistics }));
  return new ModelState(segments, weights, 3, { technique: LORA, ...options });
};

/** A state whose B is not zero any more. */
function movedState(changes: Parameters<typeof stateOf>[0] = {}): ModelState {
  const state = stateOf(changes);
  for (const [name, value] of state.optimizer.read()) {
    const moved = tf.tidy(() => tf.add(value, tf.randomUniform(value.shape, -0.2, 0.2, 'float32', name.length)));
    state.optimizer.assign(name, moved);
    tf.dispose([moved, value]);
  }
  return state;
}

const batchOf = () => ({
  input: tf.randomUniform([6, 8, 8, 3], -1, 1, 'float32', 5),
  labels: Int32Array.of(0, 1, 2, 0, 1, 2),
});

function valuesOf(tensors: ReadonlyMap<string, Tensor>): Map<string, number[]> {
  const values = new Map([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  tf.dispose([...tensors.values()]);
  return values;
}

/** The torch shapes of A and B by loralib's definition; rank 2. */
const SHAPES: Record<string, { a: [number, number]; b: [number, number] }> = {
  'square.weight': { a: [2 * 3, 3 * 3], b: [8 * 3, 2 * 3] },
  'row.weight': { a: [2, 8 * 7], b: [5, 2] },
  'column.weight': { a: [2, 5], b: [5 * 7, 2] },
  'point.weight': { a: [2, 5], b: [4, 2] },
  'dense.weight': { a: [2, 64], b: [7, 2] },
};

describe.each(CHANGED)('the low-rank change of %s', (name) => {
  const spec = layerParameterSpecs(
    network.blocks.flatMap(({ layers }) => layers),
    0,
    3,
  ).find((found) => found.name === name);
  if (spec === undefined) throw new Error(`no tensor ${name}`);
  const { a: aShape, b: bShape } = SHAPES[name] ?? { a: [0, 0], b: [0, 0] };

  it('is W + alpha / rank times B A, row by row in torch layout', () => {
    const state = movedState();
    const matrices = valuesOf(state.optimizer.read());
    const [a = [], b = []] = [matrices.get(`${name}.lora_A`), matrices.get(`${name}.lora_B`)];
    const [inner, columnCount] = aShape;
    expect([a.length, b.length]).toEqual([elementCount(aShape), elementCount(bShape)]);
    const expected = [...(weights.get(name)?.data ?? [])].map((weight, index) => {
      const [row, column] = [Math.floor(index / columnCount), index % columnCount];
      let change = 0;
      for (let k = 0; k < inner; k++) change += (b[row * inner + k] ?? NaN) * (a[k * columnCount + column] ?? NaN);
      return weight + (6 / 2) * change;
    });
    const found = state.toHost().get(name);
    expect(found?.shape).toEqual(spec.shape);
    expect(found?.data.length).toBe(expected.length);
    expected.forEach((value, index) => expect(Math.abs((found?.data[index] ?? NaN) - value)).toBeLessThan(1e-5));
    state.dispose();
  });

  it('begins at nothing: A is uniform in ±1 / sqrt(columns) and follows from the seed, B is 0', () => {
    const { a, b } = new LowRankChange(spec, { rank: 64, alpha: 1 }).start(7);
    const bound = 1 / Math.sqrt(aShape[1]);
    expect(a.shape).toEqual([32 * aShape[0], aShape[1]]);
    expect(b.shape).toEqual([bShape[0], 32 * bShape[1]]);
    expect(b.data.every((value) => value === 0)).toBe(true);
    expect(Math.max(...a.data.map(Math.abs))).toBeLessThanOrEqual(bound);
    const variance = a.data.reduce((sum, value) => sum + value ** 2, 0) / a.data.length;
    expect(Math.sqrt(variance) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(new LowRankChange(spec, { rank: 64, alpha: 1 }).start(7).a).toEqual(a);
    expect(new LowRankChange(spec, { rank: 64, alpha: 1 }).start(8).a).not.toEqual(a);
  });

  it.each(['lora_A', 'lora_B'])('has the gradient of %s that finite differences find', (matrix) => {
    const state = movedState();
    const batch = batchOf();
    const variable = `${name}.${matrix}`;
    const { loss: _, gradients, statistics } = lossAndGradients(state, batch, plainStep());
    expect([...gradients.keys()]).toEqual([...MATRICES, ...HEAD]);
    const gradient = valuesOf(gradients).get(variable) ?? [];
    tf.dispose([...statistics.values()]);
    const values = valuesOf(state.optimizer.read()).get(variable) ?? [];
    const shape = matrix === 'lora_A' ? aShape : bShape;
    const lossAt = (index: number, shift: number) => {
      const moved = tf.tensor(values.with(index, (values[index] ?? NaN) + shift), shape);
      state.optimizer.assign(variable, moved);
      const found = lossAndGradients(state, batch, plainStep());
      tf.dispose([moved, ...found.gradients.values(), ...found.statistics.values()]);
      return found.loss;
    };
    const scale = Math.max(...gradient.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-3);
    gradient.forEach((expected, index) => {
      const slope = (lossAt(index, 2e-3) - lossAt(index, -2e-3)) / 4e-3;
      expect(Math.abs(slope - expected) / scale).toBeLessThan(0.03);
    });
    batch.input.dispose();
    state.dispose();
  });
});

describe('a model with low-rank changes', () => {
  const layers = network.blocks.flatMap((block) => block.layers);

  it('is the pretrained one at first, to the bit', () => {
    const state = stateOf();
    expect(differingTensors(state.toHost(), weights)).toEqual([]);
    state.dispose();
  });

  it('gives what the model with merged weights gives', () => {
    const functions = new TracedFunctions();
    const state = movedState();
    const { input } = batchOf();
    const merged = new InferenceModel(layers, functions);
    merged.loadWeights(state.toHost(), 3);
    const [adapted, expected] = tf.tidy(() => {
      const parameter = state.parameters(state.read());
      return [[...runLayers(layers, input, { parameter }).dataSync()], [...merged.run(input).dataSync()]];
    });
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
    adapted.forEach((value, index) => expect(Math.abs(value - (expected[index] ?? NaN))).toBeLessThan(1e-5));
    for (const part of [input, merged, state, functions]) part.dispose();
  });

  it('moves A, B and the classifier alone; running statistics only where batch statistics are used', () => {
    for (const usesBatchStatistics of [false, true]) {
      const state = movedState({ usesBatchStatistics });
      const before = state.snapshot().weights;
      const batch = batchOf();
      lossOf(trainStep(state, batch, plainStep({ learningRate: 0.01 })));
      const moved = differingTensors(state.snapshot().weights, before);
      const statistics = usesBatchStatistics ? ['norm.running_mean', 'norm.running_var'] : [];
      expect(moved.toSorted()).toEqual([...MATRICES, ...HEAD, ...statistics].toSorted());
      expect(state.trainedParameterCount).toBe(
        Object.values(SHAPES).reduce((sum, { a, b }) => sum + elementCount(a) + elementCount(b), 7 * 3 + 3),
      );
      batch.input.dispose();
      state.dispose();
    }
  });

  it("moves B by its block's rate in Adam's first step, and not A, which B hides", () => {
    const rate = 2 ** -10;
    const state = stateOf({ multipliers: [0.5, 4] });
    const before = valuesOf(state.optimizer.read());
    const batch = batchOf();
    lossOf(trainStep(state, batch, plainStep({ learningRate: rate })));
    const after = valuesOf(state.optimizer.read());
    for (const [name, values] of before) {
      const blockRate = rate * (/^(dense|fc)/.test(name) ? 4 : 0.5);
      const moves = values.map((value, index) => Math.abs((after.get(name)?.[index] ?? NaN) - value));
      if (name.endsWith('lora_A')) expect(moves, name).toEqual(moves.map(() => 0));
      else moves.forEach((move) => expect(Math.abs(move / blockRate - 1), name).toBeLessThan(2e-3));
    }
    batch.input.dispose();
    state.dispose();
  });

  it('has none in a block whose multiplier is 0', () => {
    const state = stateOf({ multipliers: [0, 1] });
    expect(state.optimizer.names).toEqual(['dense.weight.lora_A', 'dense.weight.lora_B', ...HEAD]);
    state.dispose();
  });

  it('takes pieces of a batch for the whole', () => {
    const outcomes = [{}, { microBatchSize: 2 }].map((changes) => {
      const state = movedState();
      const batch = batchOf();
      lossOf(trainStep(state, batch, plainStep({ learningRate: 0.01, gradientNormMax: 0.5, ...changes })));
      const values = valuesOf(state.optimizer.read());
      batch.input.dispose();
      state.dispose();
      return values;
    });
    for (const [name, list] of outcomes[0] ?? []) {
      list.forEach((value, index) => {
        expect(Math.abs((outcomes[1]?.get(name)?.[index] ?? NaN) - value), name).toBeLessThan(1e-5);
      });
    }
  });

  it('comes to the same traced and eager', () => {
    const before = leftovers();
    const [traced, eager] = (['TRACED', 'EAGER'] as const).map((execution) => {
      const functions = new TracedFunctions(execution);
      const state = movedState({ functions });
      const batch = batchOf();
      const losses = Array.from({ length: 6 }, () => lossOf(trainStep(state, batch, plainStep())));
      const outcome = { losses, ...state.snapshot() };
      for (const part of [batch.input, state, functions]) part.dispose();
      return outcome;
    });
    expectNumbersAgree(traced?.losses ?? [], eager?.losses ?? []);
    expectWeightsAgree(traced?.weights ?? new Map(), eager?.weights ?? new Map());
    expect(leftovers()).toEqual(before);
  });
});

describe('a training with low-rank changes', () => {
  it('learns, and returns merged weights that score what was reported', async () => {
    const options = { technique: LORA, epochCount: 8, patienceEpochs: 8 } as const;
    const { weights: merged, best, epochs, stages, trainedParameterCount } = await train(options);
    expect(epochs.at(-1)?.trainLoss).toBeLessThan(0.7 * (epochs[0]?.trainLoss ?? 0));
    const again = await evaluate({
      network: tinyNetwork,
      weights: merged,
      classCount: 3,
      normalization: tinyTraining.normalization,
      images: tinyTraining.validation,
      batchSize: 8,
    });
    expect(Math.abs(again.loss - (best.validationLoss ?? NaN))).toBeLessThan(1e-5);
    expect(again.macroAccuracy).toBe(best.validationMacroAccuracy);
    const changed = differingTensors(merged, tinyWeights()).toSorted();
    expect(changed).toEqual(['expand.weight', 'fc.bias', 'fc.weight', 'stem.weight']);
    const [stem, expand] = [2 * 3 * (9 + 24), 2 * (8 + 16)];
    expect(trainedParameterCount).toBe(stem + expand + 3 * 16 + 3);
    expect(stages).toEqual([
      {
        parts: tinyNetwork.blocks.map(({ layers }) => ({ layers, isTrained: true })),
        isPrefixCached: false,
        epochCount: 8,
      },
    ]);
  });

  it('keeps the features of frozen blocks, and moves running statistics in TRAIN', async () => {
    const options = { technique: LORA, lrMultipliers: [0, 1, 1], epochCount: 1 };
    const { stages } = await train({ ...options, frozenBatchNorm: 'EVAL' });
    expect(stages.map(({ isPrefixCached }) => isPrefixCached)).toEqual([true]);
    const { weights: drifted } = await train({ ...options, frozenBatchNorm: 'TRAIN' });
    expect(differingTensors(drifted, tinyWeights())).toEqual(
      expect.arrayContaining(['norm.running_mean', 'spatial_norm.running_var', 'expand_norm.running_mean']),
    );
  });

  it('gives other bits for another seed', async () => {
    const run = (seed: number) => train({ technique: LORA, epochCount: 1, seed });
    const [one, other] = [await run(tinyProtocol.seed), await run(1)];
    expect(differingTensors(one.weights, other.weights)).toContain('stem.weight');
  });

  it('keeps in a checkpoint the weights as they were, beside A and B', async () => {
    let saved: Weights = new Map();
    await train(
      { technique: LORA, epochCount: 1 },
      { onEpoch: (_, checkpoint) => void (saved = checkpoint().weights) },
    );
    expect(saved.get('stem.weight')).toEqual(tinyWeights().get('stem.weight'));
    expect(saved.get('stem.weight.lora_B')?.data.some((value) => value !== 0)).toBe(true);
    expect(saved.get('stem.weight.lora_B')?.shape).toEqual([24, 6]);
  });
});
