import { describe, expect, it } from 'vitest';
import { batchNorm, concat, conv, relu } from '../../networks/layer-builders.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import { type Tensor, tf } from '../device/backend.js';
import { channelStatistics } from '../ops/channel-statistics.js';
import { type GradientContext, recordLayers } from './layer-gradients.js';
import { SharedStatistics } from './shared-statistics.js';

/** Two layers of a dense block, and the BatchNorm behind it. */
const LAYERS = [
  concat([], [batchNorm('a.norm', 4), relu, conv('a.conv', 4, 2)]),
  concat([], [batchNorm('b.norm', 6), relu, conv('b.conv', 6, 2)]),
  batchNorm('norm', 8),
];

describe('SharedStatistics', () => {
  it('gives dense layers what each would compute for itself', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const input = tf.randomNormal([3, 5, 4, 4], 2, 3, 'float32', 1);
      const [alone, shared] = [outcome(input, undefined), outcome(input, new SharedStatistics())];
      expect(shared.size).toBe(alone.size);
      for (const [name, tensor] of alone) expect(distance(tensor, shared.get(name)), name).toBeLessThan(1e-4);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives images side by side the statistics of their parts', () =>
    tf.tidy(() => {
      const statistics = new SharedStatistics();
      const parts = [3, 5].map((channels) => tf.randomNormal([2, 4, 4, channels], 1, 2, 'float32', channels));
      const expected = channelStatistics(tf.concat(parts, -1));
      const joined = statistics.joined(parts);
      expect(distance(joined.mean, expected.mean)).toBeLessThan(1e-6);
      expect(distance(joined.variance, expected.variance)).toBeLessThan(1e-6);
      expect(parts.map((part) => statistics.of(part) !== undefined)).toEqual([true, true]);
    }));
});

/** Everything that a pass gives, by name. */
function outcome(input: Tensor, sharedStatistics: SharedStatistics | undefined): Map<string, Tensor> {
  const specs = layerParameterSpecs(LAYERS, 0, 1);
  const parameters = new Map(
    specs.map(({ name, shape, kind }, index) => {
      const [out = 1, inputs = 1, height = 1, width = 1] = shape;
      const deviceShape = kind === 'conv' ? [height, width, inputs, out] : [out];
      return [name, tf.randomUniform(deviceShape, 0.5, 1.5, 'float32', 10 + index)];
    }),
  );
  const found = new Map<string, Tensor>();
  const context: GradientContext = {
    parameter: (name) => parameters.get(name) ?? fail(name),
    onGradient: (name, gradient) => found.set(`gradient of ${name}`, gradient),
    batchStatistics: {
      momentum: 0.5,
      onRunningStatistics: (name, mean, variance) => found.set(`${name} mean`, mean).set(`${name} variance`, variance),
      ...(sharedStatistics !== undefined && { sharedStatistics }),
    },
  };
  const recording = recordLayers(LAYERS, input, context);
  const weighting = tf.randomNormal(recording.output.shape, 0, 1, 'float32', 2);
  found.set('output', recording.output);
  found.set('input gradient', recording.backward(weighting, true) ?? fail('input'));
  return found;
}

function distance(a: Tensor, b: Tensor | undefined): number {
  return b === undefined ? NaN : (tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? NaN);
}

function fail(name: string): never {
  throw new Error(`no tensor ${name}`);
}
