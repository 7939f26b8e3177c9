import { describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { plainTinyNetwork } from '../../../test/fixtures/tiny-network.js';
import { leftovers, train } from '../../../test/fixtures/training.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { type Tensor, tf } from '../device/backend.js';
import { lossAndGradients } from '../loop/batch-gradients.js';
import { blockSegments, ModelState } from './model-state.js';
import type { StartingPointTechnique } from './starting-point.js';
import { type StepSettings, trainStep } from '../loop/train-step.js';

const ALPHA = 0.7;
const BETA = 0.3;
const L2_SP = { type: 'L2_SP', alpha: ALPHA, beta: BETA } as const;
const L1_SP = { type: 'L1_SP', alpha: ALPHA, beta: BETA } as const;
/** A power of 2, so that it changes no bit of a gradient. */
const LEARNING_RATE = 2 ** -4;
const sgd = { type: 'SGD', weightDecay: 0, momentum: 0 } as const;
const weights = goldenWeights(parameterSpecs(plainTinyNetwork, 3));
const LABELS = Int32Array.of(0, 1, 2, 0, 1, 2, 0);
const isHead = (name: string) => name.startsWith('fc.');

type Values = ReadonlyMap<string, readonly number[]>;

const valuesOf = (tensors: ReadonlyMap<string, Tensor>): Values => {
  const values = new Map([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  tf.dispose([...tensors.values()]);
  return values;
};

/** A model that has moved away from where it began, with frozen blocks where the multiplier is 0. */
function movedState(technique: StartingPointTechnique, multipliers: readonly number[] = [1, 1, 1]) {
  const state = new ModelState(blockSegments(plainTinyNetwork, multipliers, 'EVAL'), weights, 3, {
    optimizer: sgd,
    technique,
  });
  const start = valuesOf(state.optimizer.read());
  for (const [name, value] of state.optimizer.read()) {
    const moved = tf.tidy(() => tf.add(value, tf.randomUniform(value.shape, -0.3, 0.3, 'float32', name.length)));
    state.optimizer.assign(name, moved);
    tf.dispose([moved, value]);
  }
  return { state, start, moved: valuesOf(state.optimizer.read()) };
}

const batchOf = () => ({ input: tf.randomUniform([7, 8, 8, 3], -1, 1, 'float32', 5), labels: LABELS });

/** The gradients that one step of plain SGD went by, and what the step reported. */
function stepGradients(technique: StartingPointTechnique, changes: Partial<StepSettings> = {}) {
  const { state, start, moved } = movedState(technique);
  const batch = batchOf();
  const { loss, gradients: ofLoss } = lossAndGradients(state, batch, plainStep());
  const reported = lossOf(trainStep(state, batch, plainStep({ learningRate: LEARNING_RATE, ...changes })));
  const after = valuesOf(state.optimizer.read());
  const gradients = new Map(
    [...moved].map(([name, values]) => [
      name,
      values.map((value, index) => (value - (after.get(name)?.[index] ?? NaN)) / LEARNING_RATE),
    ]),
  );
  batch.input.dispose();
  state.dispose();
  return { start, moved, gradients, ofLoss: valuesOf(ofLoss), loss, reported };
}

const entriesOf = (values: Values) =>
  [...values].flatMap(([name, list]) => list.map((value, index) => ({ name, value, index })));

function expectNear(found: Values, expected: Values, tolerance: number): void {
  for (const { name, value, index } of entriesOf(expected)) {
    expect(Math.abs((found.get(name)?.[index] ?? NaN) - value), name).toBeLessThan(tolerance);
  }
}

/** The penalty by the formulas of the paper. */
function penalty({ type }: StartingPointTechnique, values: Values, start: Values): number {
  return entriesOf(values).reduce((sum, { name, value, index }) => {
    if (isHead(name)) return sum + (BETA / 2) * value ** 2;
    const distance = value - (start.get(name)?.[index] ?? NaN);
    return sum + (type === 'L2_SP' ? (ALPHA / 2) * distance ** 2 : ALPHA * Math.abs(distance));
  }, 0);
}

describe.each([L2_SP, L1_SP])('$type', (technique) => {
  it('steps down the slope of the loss and its penalty, by finite differences', () => {
    const before = leftovers();
    const { gradients, moved, start } = stepGradients(technique);
    const { state } = movedState(technique);
    const batch = batchOf();
    const lossAt = (values: Values) => {
      for (const [name, list] of values) {
        const shape = tf.tidy(() => state.optimizer.read().get(name)?.shape ?? []);
        const tensor = tf.tensor([...list], shape);
        state.optimizer.assign(name, tensor);
        tensor.dispose();
      }
      const { loss, gradients: unused } = lossAndGradients(state, batch, plainStep());
      tf.dispose([...unused.values()]);
      return loss + penalty(technique, values, start);
    };
    // Tensor by tensor: along its gradient the slope is the gradient's length.
    for (const [name, gradient] of gradients) {
      const length = Math.sqrt(gradient.reduce((sum, value) => sum + value ** 2, 0));
      const at = (step: number) =>
        lossAt(
          new Map([
            ...moved,
            [name, (moved.get(name) ?? []).map((value, index) => value + (step * (gradient[index] ?? NaN)) / length)],
          ]),
        );
      const slope = (at(2e-3) - at(-2e-3)) / 4e-3;
      expect(Math.abs(slope / length - 1), name).toBeLessThan(0.01);
    }
    batch.input.dispose();
    state.dispose();
    expect(leftovers()).toEqual(before);
  });

  it('adds the pull of each weight to its gradient, and reports the loss of the data', () => {
    const { gradients, moved, start, ofLoss, loss, reported } = stepGradients(technique);
    const expected = new Map(
      [...ofLoss].map(([name, list]) => [
        name,
        list.map((gradient, index) => {
          const value = moved.get(name)?.[index] ?? NaN;
          const distance = value - (start.get(name)?.[index] ?? NaN);
          if (isHead(name)) return gradient + BETA * value;
          return gradient + ALPHA * (technique.type === 'L2_SP' ? distance : Math.sign(distance));
        }),
      ]),
    );
    expect([...expected.keys()].filter(isHead)).toEqual(['fc.weight', 'fc.bias']);
    // A weight near 1 is rounded to 6e-8, and divided by the rate.
    expectNear(gradients, expected, 2e-6);
    expect(reported).toBe(loss);
  });

  it('counts once where a step is taken in pieces', () => {
    const whole = stepGradients(technique);
    const pieces = stepGradients(technique, { microBatchSize: 3 });
    expectNear(pieces.gradients, whole.gradients, 4e-6);
  });

  it('is part of the gradient that is clipped', () => {
    const whole = stepGradients(technique);
    const length = Math.sqrt(entriesOf(whole.gradients).reduce((sum, { value }) => sum + value ** 2, 0));
    const clipped = stepGradients(technique, { gradientNormMax: length / 4 });
    const quarter = new Map([...whole.gradients].map(([name, list]) => [name, list.map((value) => value / 4)]));
    expectNear(clipped.gradients, quarter, 4e-6);
  });

  it('leaves frozen blocks alone', () => {
    const { state } = movedState(technique, [0, 1, 1]);
    const before = state.toHost().get('stem.weight');
    const batch = batchOf();
    lossOf(trainStep(state, batch, plainStep()));
    expect(state.toHost().get('stem.weight')).toEqual(before);
    batch.input.dispose();
    state.dispose();
  });
});

it('a strong pull keeps a training near its start, and its classifier near 0', async () => {
  const distances = async (alpha: number, beta: number) => {
    const { weights: end } = await train({
      network: plainTinyNetwork,
      pretrained: weights,
      technique: { type: 'L2_SP', alpha, beta },
      optimizer: sgd,
      baseLearningRate: 0.02,
    });
    const distance = (names: RegExp, from: (name: string, index: number) => number) =>
      Math.sqrt(
        [...end].reduce(
          (sum, [name, { data }]) =>
            names.test(name) ? data.reduce((s, value, index) => s + (value - from(name, index)) ** 2, sum) : sum,
          0,
        ),
      );
    return {
      body: distance(/^(stem|wide|narrow)/, (name, index) => weights.get(name)?.data[index] ?? NaN),
      head: distance(/^fc/, () => 0),
    };
  };
  const [free, pulled] = [await distances(0, 0), await distances(20, 20)];
  expect(pulled.body).toBeLessThan(0.5 * free.body);
  expect(pulled.head).toBeLessThan(0.25 * free.head);
});
