import { describe, expect, it } from 'vitest';
import {
  adaptiveAveragePool,
  averagePool,
  batchNorm,
  classifier,
  concat,
  conv,
  depthwiseConv,
  flatten,
  globalMeanPool,
  idle,
  linear,
  maxPool,
  relu,
  relu6,
  residual,
  reverseChannels,
} from '../../networks/layer-builders.js';
import type { Layer } from '../../networks/layers.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import { type Tensor, tf } from '../device/backend.js';
import { type GradientContext, recordLayers } from './layer-gradients.js';
import { runLayers } from './layer-run.js';

const CLASS_COUNT = 3;

/** Odd sizes, so that padding and window ends matter. */
const INPUT_SHAPE = [2, 7, 9, 4];

const LAYERS: readonly (readonly [string, readonly Layer[]])[] = [
  [
    'a convolution with bias and as many zeros around it',
    [conv('c', 4, 3, { kernelSize: 3, stride: 2, padding: 1, hasBias: true })],
  ],
  ['a convolution of a row', [conv('c', 4, 3, { kernelSize: [1, 7], padding: [0, 3] })]],
  ['a convolution with TensorFlow padding', [conv('c', 4, 3, { kernelSize: 3, stride: 2, padding: 'SAME' })]],
  ['a depthwise convolution', [depthwiseConv('d', 4, { kernelSize: 3, stride: 2, padding: 1 })]],
  ['BatchNorm', [batchNorm('b', 4)]],
  ['ReLU', [relu]],
  ['ReLU6', [relu6]],
  ['a maximum with padding', [maxPool(3, { stride: 2, padding: 1 })]],
  ['a maximum with TensorFlow padding', [maxPool(3, { stride: 2, padding: 'SAME' })]],
  ['a maximum that reaches beyond the image', [maxPool(2, { stride: 2, padding: 'CEIL' })]],
  ['a mean with padding', [averagePool(3, { padding: 1 })]],
  ['a mean that leaves pixels out', [averagePool(2, { stride: 2 })]],
  ['a mean to a fixed size', [adaptiveAveragePool(4)]],
  ['the mean of the image', [globalMeanPool]],
  ['reversed channels', [reverseChannels]],
  ['linear layers on a flat image', [flatten, linear('l', 252, 5), classifier('k', 5)]],
  ['a classifier that is a convolution', [classifier('k', 4, 'pointwiseConv'), globalMeanPool]],
  ['a residual', [residual([conv('c', 4, 4)])]],
  ['a residual with a projection', [residual([conv('c', 4, 6)], [conv('p', 4, 6)])]],
  ['branches side by side', [concat([], [conv('c', 4, 2), relu], [concat([relu], [conv('e', 4, 3)])])]],
  ['layers that do not run', [idle([conv('c', 4, 2)])]],
];

describe('recordLayers', () => {
  it.each(LAYERS)('agrees with finite differences for %s', (_, layers) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const parameters = parametersOf(layers);
      const input = tf.randomNormal(INPUT_SHAPE, 0, 1, 'float32', 1);
      const gradients = new Map<string, Tensor>();
      const context: GradientContext = {
        parameter: (name) => parameters.get(name) ?? fail(name),
        onGradient: (name, gradient) => gradients.set(name, gradient),
      };
      const recording = recordLayers(layers, input, context);
      const weighting = tf.randomNormal(recording.output.shape, 0, 1, 'float32', 2);
      expect(distance(recording.output, runLayers(layers, input, context))).toBe(0);
      const inputGradient = recording.backward(weighting, true) ?? fail('input');
      const lossAt = (at: Tensor, moved: ReadonlyMap<string, Tensor>) => {
        const output = runLayers(layers, at, { parameter: (name) => moved.get(name) ?? fail(name) });
        return tf.sum(tf.mul(output, weighting)).dataSync()[0] ?? NaN;
      };
      expectSlope((at) => lossAt(at, parameters), input, inputGradient);
      for (const [name, gradient] of gradients) {
        const slope = (at: Tensor) => lossAt(input, new Map([...parameters, [name, at]]));
        expectSlope(slope, parameters.get(name) ?? fail(name), gradient);
      }
      const trained = layerParameterSpecs(layers, 0, CLASS_COUNT).filter((spec) => !spec.isBuffer && !spec.isIdle);
      expect([...gradients.keys()].toSorted()).toEqual(trained.map(({ name }) => name).toSorted());
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('windows', () => {
  const line = (layer: Layer, ...values: number[]) =>
    tf.tidy(() => {
      const input = tf.tensor4d(values, [1, 1, values.length, 1]);
      return [...runLayers([layer], input, { parameter: fail }).dataSync()];
    });

  it('ends a maximum at the last whole window without padding', () =>
    expect(line({ ...maxPool(1, { stride: 2 }), kernelSize: [1, 2] }, 1, 2, 3, 4, -5)).toEqual([2, 4]));
  it('gives what is left a window of its own with CEIL', () =>
    expect(line(maxPool(2, { stride: 2, padding: 'CEIL' }), 1, 2, 3, 4, -5)).toEqual([2, 4, -5]));
  it('pads a maximum with nothing, not with zeros', () =>
    expect(line(maxPool(3, { stride: 2, padding: 1 }), -1, -2, -3)).toEqual([-1, -2]));
  it('counts padding as zeros in a mean', () => expect(line(averagePool(3, { padding: 1 }), 9, 18)).toEqual([3, 3]));
  it('cuts an image into overlapping windows where the size does not divide it', () =>
    expect(line(adaptiveAveragePool(2), 1, 2, 3)).toEqual([1.5, 2.5, 1.5, 2.5]));
  it('repeats pixels where the image is smaller than the result', () =>
    expect(line(adaptiveAveragePool(3), 1, 2).slice(0, 3)).toEqual([1, 1.5, 2]));
});

/** Random, and kept by the surrounding tidy; a variance is positive. */
function parametersOf(layers: readonly Layer[]): Map<string, Tensor> {
  return new Map(
    layerParameterSpecs(layers, 0, CLASS_COUNT).map(({ name, shape, kind }, index) => {
      const seed = 10 + index;
      const [out = 1, inputs = 1, height = 1, width = 1] = shape;
      const deviceShape = {
        conv: [height, width, inputs, out],
        depthwise: [height, width, out, 1],
        linear: [inputs, out],
        vector: [out],
      };
      return [name, tf.randomUniform(deviceShape[kind], name.endsWith('running_var') ? 0.5 : -1, 1, 'float32', seed)];
    }),
  );
}

/** Compares the slope along a random direction with what the gradient says of it. */
function expectSlope(lossAt: (at: Tensor) => number, at: Tensor, gradient: Tensor): void {
  expect(gradient.shape).toEqual(at.shape);
  const direction = tf.randomNormal(at.shape, 0, 1, 'float32', 3);
  const step = tf.mul(direction, 1e-3);
  const found = (lossAt(tf.add(at, step)) - lossAt(tf.sub(at, step))) / 2e-3;
  const expected = tf.sum(tf.mul(gradient, direction)).dataSync()[0] ?? NaN;
  const scale = Math.sqrt(tf.sum(tf.square(gradient)).dataSync()[0] ?? NaN);
  expect(Math.abs(found - expected) / scale).toBeLessThan(0.02);
}

function distance(a: Tensor, b: Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? NaN;
}

function fail(name: string): never {
  throw new Error(`no tensor ${name}`);
}
