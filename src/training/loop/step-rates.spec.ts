import { expect, it } from 'vitest';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetworkCutAtClassifier, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import { nativeTensorCount, type Tensor, tf } from '../device/backend.js';
import { lossAndGradients } from './batch-gradients.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { trainStep } from './train-step.js';
import type { OptimizerSettings } from '../ops/update-rules.js';

const LEARNING_RATE = 2 ** -10;
const MULTIPLIERS = [0.1, 0, 2.5, 10];
const EPSILON = 1e-8;
const segments = blockSegments(tinyNetworkCutAtClassifier, MULTIPLIERS, 'TRAIN');
const settings = plainStep({ learningRate: LEARNING_RATE });

/** Each parameter's values before and after one step, with the gradient that it goes by; in TensorFlow's layout. */
function oneStep(optimizer: OptimizerSettings) {
  const state = new ModelState(segments, tinyWeights(), 3, { optimizer });
  const input = tf.randomUniform([6, 8, 8, 3], -1, 1, 'float32', 1);
  const batch = { input, labels: Int32Array.of(0, 1, 2, 0, 1, 2) };
  const valuesOf = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  const { gradients, statistics } = lossAndGradients(state, batch, settings);
  const read = () => {
    const tensors = state.optimizer.read();
    const values = valuesOf(tensors);
    tf.dispose([...tensors.values()]);
    return values;
  };
  const before = read();
  lossOf(trainStep(state, batch, settings));
  const result = { before, gradients: valuesOf(gradients), after: read(), host: state.toHost() };
  tf.dispose([input, ...gradients.values(), ...statistics.values()]);
  state.dispose();
  return result;
}

const blockOf = new Map(
  segments.flatMap(({ layers }, block) => layerParameterSpecs(layers, block, 3).map(({ name }) => [name, block])),
);
const rateOf = (name: string) => LEARNING_RATE * (MULTIPLIERS[blockOf.get(name) ?? -1] ?? NaN);

it("moves each weight of a block by its rate in Adam's first step, up to epsilon", () => {
  const before = [tf.memory().numTensors, nativeTensorCount()];
  const step = oneStep({ type: 'ADAM', weightDecay: 0 });
  for (const [name, values] of step.before) {
    const rate = rateOf(name);
    values.forEach((value, index) => {
      // The corrected moments of one gradient g are g and g².
      const gradient = step.gradients.get(name)?.[index] ?? NaN;
      const move = (-rate * gradient) / (Math.abs(gradient) + EPSILON);
      // A weight near 1 is rounded to 6e-8 when it is moved.
      expect(Math.abs((step.after.get(name)?.[index] ?? NaN) - value - move), name).toBeLessThan(1e-4 * rate + 1.2e-7);
    });
  }
  expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
});

it('moves each weight of a block by its rate times its gradient in plain SGD', () => {
  const step = oneStep({ type: 'SGD', weightDecay: 0, momentum: 0 });
  for (const [name, values] of step.before) {
    values.forEach((value, index) => {
      const move = -rateOf(name) * (step.gradients.get(name)?.[index] ?? NaN);
      expect(Math.abs((step.after.get(name)?.[index] ?? NaN) - value - move), name).toBeLessThan(1.2e-7);
    });
  }
});

it('leaves the parameters of a frozen block alone, whatever weight decay does to others', () => {
  const { host } = oneStep({ type: 'ADAMW', weightDecay: 0.5 });
  const start = tinyWeights();
  const frozen = [...blockOf].filter(([name, block]) => block === 1 && !name.includes('running')).map(([name]) => name);
  expect(frozen).toEqual(['spatial.weight', 'spatial_norm.weight', 'spatial_norm.bias']);
  for (const name of frozen) expect(host.get(name), name).toEqual(start.get(name));
  expect(host.get('fc.weight')).not.toEqual(start.get('fc.weight'));
});
