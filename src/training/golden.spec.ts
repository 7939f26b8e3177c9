import { describe, expect, it } from 'vitest';
import { goldenInput, goldenWeights, l2Norm, readGolden } from '../../test/fixtures/golden/fill.js';
import type { HostTensor } from '../formats/safetensors.js';
import { parameterSpecs } from '../networks/parameters.js';
import { networkByArchitecture } from '../networks/registry.js';
import { toTorchLayout } from '../networks/weight-layout.js';
import { type Tensor, tf } from './backend.js';
import { type LayerContext, runLayers } from './layer-run.js';
import { ModelState } from './model-state.js';
import { lossAndGradients, trainStep } from './train-step.js';

const network = networkByArchitecture('efficientnet-lite0');
const golden = readGolden('efficientnet_lite0');
const specs = parameterSpecs(network, 10);
const weights = goldenWeights(specs);
const { batch, size } = golden.input;
const blockCount = network.blocks.length;
/** EfficientNet's own, which the golden runs use. */
const MOMENTUM = 0.01;

/** Runs with the golden weights and input; frees them, and proves that nothing else is left. */
function withModel(
  lrMultipliers: readonly number[],
  batchStatistics: readonly boolean[],
  body: (state: ModelState, input: Tensor, labels: Tensor) => void,
): void {
  const before = tf.memory().numTensors;
  const segments = network.blocks.map(({ layers }, index) => ({
    layers,
    lrMultiplier: lrMultipliers[index] ?? 0,
    usesBatchStatistics: batchStatistics[index] ?? false,
  }));
  const state = new ModelState(segments, weights, 10);
  const input = tf.tensor(goldenInput(golden.input), [batch, size, size, 3], 'float32');
  const labels = tf.tensor1d([0, 3], 'int32');
  body(state, input, labels);
  state.dispose();
  tf.dispose([input, labels]);
  expect(tf.memory().numTensors).toBe(before);
}

function expectLogits(found: Float32Array, run: typeof golden.eval, tolerance: number): void {
  const expected = run.logits.flat();
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, index) => expect(Math.abs((found[index] ?? NaN) - value) / largest).toBeLessThan(tolerance));
}

const all = <T>(value: T): T[] => new Array<T>(blockCount).fill(value);

describe.each([
  { mode: 'eval', usesBatchStatistics: false, run: golden.eval, logitTolerance: 1e-4 },
  { mode: 'train', usesBatchStatistics: true, run: golden.train, logitTolerance: 1e-3 },
])('golden EfficientNet-Lite0, BatchNorm in $mode mode', ({ usesBatchStatistics, run, logitTolerance }) => {
  it('gives the logits and the output of every stage', () => {
    withModel(all(0), all(usesBatchStatistics), (state, input) => {
      tf.tidy(() => {
        const context: LayerContext = {
          parameter: state.parameters(new Map()),
          ...(usesBatchStatistics
            ? { batchStatistics: { momentum: MOMENTUM, onRunningStatistics: () => undefined } }
            : {}),
        };
        const outputs = stageOutputs(input, context);
        for (const { after, mean, std, first4 } of run.stages) {
          const output = outputs.get(after);
          if (output === undefined) throw new Error(after);
          const channelsFirst = output.rank === 4 ? output.transpose([0, 3, 1, 2]) : output;
          expect(tf.mean(output).dataSync()[0]).toBeCloseTo(mean, 4);
          expect(tf.moments(output).variance.sqrt().dataSync()[0]).toBeCloseTo(std, 4);
          first4.forEach((value, index) => expect(channelsFirst.dataSync()[index]).toBeCloseTo(value, 3));
        }
        const logits = outputs.get('_fc');
        expectLogits(logits?.dataSync<'float32'>() ?? new Float32Array(), run, logitTolerance);
      });
    });
  });

  it('gives the loss and the gradient of every parameter', () => {
    withModel(all(1), all(usesBatchStatistics), (state, input, labels) => {
      const { loss, gradients, statistics } = lossAndGradients(state, input, labels, MOMENTUM);
      expect(Math.abs(loss - run.loss)).toBeLessThan(1e-4);
      const largest = Math.max(...Object.values(run.grads).map(([norm]) => norm));
      expect(gradients.size).toBe(Object.keys(run.grads).length);
      for (const [name, [norm, first, second]] of Object.entries(run.grads)) {
        const values = torchValues(name, gradients.get(name));
        if (norm <= 1e-6 * largest) {
          expect(l2Norm(values)).toBeLessThan(1e-4 * largest);
          continue;
        }
        expect(Math.abs(l2Norm(values) / norm - 1), name).toBeLessThan(0.01);
        expect(Math.abs((values[0] ?? NaN) - first), name).toBeLessThan(0.01 * norm);
        expect(Math.abs((values[1] ?? NaN) - second), name).toBeLessThan(0.01 * norm);
      }
      tf.dispose([...gradients.values(), ...statistics.values()]);
    });
  });
});

it('moves the running statistics as the golden train run', () => {
  withModel(all(1), all(true), (state, input, labels) => {
    trainStep(state, input, labels, { learningRate: 1e-4, momentum: MOMENTUM });
    const after = state.toHost();
    for (const [name, values] of Object.entries(golden.train.runningAfter)) {
      values.forEach((value, index) => expect(after.get(name)?.data[index], name).toBeCloseTo(value, 4));
    }
  });
});

describe('golden Adam, three steps with one rate per block', () => {
  it.each(['allTrainable', 'evenBlocksFrozenBnEval', 'evenBlocksFrozenBnTrain'] as const)('%s', (variant) => {
    const run = golden.adam[variant];
    const isFrozen = (index: number) => run.frozenBlocks.includes(index);
    const lrMultipliers = golden.adam.genes.map((gene, index) => (isFrozen(index) ? 0 : 10 ** (2 * (gene - 0.5))));
    const batchStatistics = lrMultipliers.map((factor) => factor > 0 || variant === 'evenBlocksFrozenBnTrain');
    const tolerances = run.torchFloat32LossesAbsError.map((error) => 10 * error + 1e-4);
    withModel(lrMultipliers, batchStatistics, (state, input, labels) => {
      const step = { learningRate: golden.adam.baseLearningRate, momentum: MOMENTUM };
      for (const index of [0, 1, 2]) {
        const loss = trainStep(state, input, labels, step);
        expect(Math.abs(loss - (run.losses[index] ?? NaN))).toBeLessThan(tolerances[index] ?? 0);
      }
      const after = state.toHost();
      const { loss, gradients, statistics } = lossAndGradients(state, input, labels, MOMENTUM);
      tf.dispose([...gradients.values(), ...statistics.values()]);
      expect(Math.abs(loss - (run.losses[3] ?? NaN))).toBeLessThan(tolerances[3] ?? 0);
      for (const [name, values] of Object.entries(run.paramsAfter)) {
        const index = specs.find((spec) => spec.name === name)?.blockIndex ?? 0;
        // Adam's step is the rate, whatever the gradient: where float32 turns a tiny gradient's sign, it differs by 2.
        const tolerance = isFrozen(index) ? 1e-7 : 2.5 * 3 * 1e-4 * (lrMultipliers[index] ?? 0) + 1e-7;
        values.forEach((value, at) =>
          expect(Math.abs((after.get(name)?.data[at] ?? NaN) - value), name).toBeLessThan(tolerance),
        );
      }
    });
  });
});

/** The outputs after the modules that the golden names, by module; kept until the surrounding tidy ends. */
function stageOutputs(input: Tensor, context: LayerContext): Map<string, Tensor> {
  const outputs = new Map<string, Tensor>();
  let current = input;
  for (const layer of network.blocks.flatMap(({ layers }) => layers)) {
    current = runLayers([layer], current, context);
    const name = layer.type === 'residual' ? layer.branch.find((inner) => 'name' in inner)?.name : undefined;
    if (name !== undefined) outputs.set(name.split('._')[0] ?? '', current);
    else if (layer.type === 'globalMeanPool') outputs.set('_avg_pooling', current);
    else if ('name' in layer) {
      // The projection's BatchNorm is the last layer of a `_blocks.i` without a residual.
      outputs.set(layer.name.replace(/^(_blocks\.\d+)\._bn2$/, '$1'), current);
    }
  }
  return outputs;
}

function torchValues(name: string, tensor: Tensor | undefined): Float32Array {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec === undefined || tensor === undefined) throw new Error(name);
  const host: HostTensor = { dtype: 'F32', shape: tensor.shape, data: tensor.dataSync<'float32'>() };
  return toTorchLayout(host, spec.kind).data;
}
