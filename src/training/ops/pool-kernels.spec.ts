import { afterAll, describe, expect, it } from 'vitest';
import { leftovers } from '../../../test/fixtures/training.js';
import { maxPool as maxPoolLayer } from '../../networks/layer-builders.js';
import type { MaxPool } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { execute1 } from './kernels.js';
import { maxPool, maxPoolGradient } from './pool-kernels.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { type Margins, windowAttributes, windowSizeAttribute } from './window-attributes.js';

type Shape = [batch: number, height: number, width: number, channels: number];

/** Windows that overlap; the margins are counted by hand. */
const WINDOWS: readonly (readonly [name: string, window: MaxPool, shape: Shape, margins: Margins])[] = [
  ["torch's stems", maxPoolLayer(3, { stride: 2, padding: 1 }), [3, 8, 10, 16], [1, 1, 1, 1]],
  ['few channels', maxPoolLayer(3, { stride: 2, padding: 1 }), [2, 8, 9, 5], [1, 1, 1, 1]],
  ['odd sizes', maxPoolLayer(3, { stride: 2, padding: 1 }), [3, 7, 9, 16], [1, 1, 1, 1]],
  ['other margins above than beside', maxPoolLayer(4, { stride: 3, padding: [2, 1] }), [2, 9, 11, 7], [2, 2, 1, 1]],
  ['CEIL below', maxPoolLayer(3, { stride: 2, padding: 'CEIL' }), [3, 8, 9, 16], [0, 1, 0, 0]],
  ['CEIL all around', maxPoolLayer(3, { stride: 2, padding: 'CEIL' }), [3, 8, 8, 5], [0, 1, 0, 1]],
  ['TensorFlow padding', maxPoolLayer(3, { stride: 2, padding: 'SAME' }), [2, 8, 7, 6], [0, 1, 1, 1]],
  ['no padding', maxPoolLayer(3, { stride: 2 }), [2, 8, 9, 6], [0, 0, 0, 0]],
];

const IMAGES: readonly (readonly [name: string, make: (shape: Shape) => Tensor])[] = [
  ['any values', (shape) => tf.randomNormal(shape, 0, 1, 'float32', 1)],
  ['values below zero', (shape) => tf.randomUniform(shape, -9, -8, 'float32', 2)],
  ['values near the lowest float', (shape) => tf.randomUniform(shape, -3.4e38, -3.3e38, 'float32', 3)],
  ['many equal values', (shape) => tf.randomUniform(shape, -2, 2, 'int32', 4).toFloat()],
  ['equal values only', (shape) => tf.fill(shape, -5)],
];

/** What both kernels give. */
function pooled(input: Tensor, outputGradient: Tensor, window: MaxPool): Tensor[] {
  const result = maxPool(input, window);
  return [result.output, maxPoolGradient(outputGradient, input, result, window)];
}

describe.each(WINDOWS)('a maximum with %s', (_, window, shape, margins) => {
  it.each(IMAGES)('is what it should be for %s, and so is its gradient', (_name, make) => {
    const before = leftovers();
    tf.tidy(() => {
      const input = make(shape);
      const expected = reference(input, window, margins);
      const [output, gradient] = pooled(input, expected.outputGradient, window);
      expect(output?.dataSync()).toEqual(expected.output);
      expect(gradient?.shape).toEqual(shape);
      expect(gradient?.dataSync()).toEqual(expected.inputGradient);
    });
    expect(leftovers()).toEqual(before);
  });

  it("has the bits of TensorFlow's own op", () => {
    tf.tidy(() => {
      const input = tf.randomNormal(shape, 0, 1, 'float32', 5);
      const attributes = [...windowAttributes(window, shape), windowSizeAttribute(window)];
      expect(maxPool(input, window).output.dataSync()).toEqual(execute1('MaxPool', attributes, [input]).dataSync());
    });
  });
});

describe('a maximum with margins in a compiled function', () => {
  const library = new TracedFunctions('TRACED');
  const functions = library.enter('a maximum');
  afterAll(() => {
    functions.leave();
    library.dispose();
  });

  it('has the same bits as op by op', () => {
    tf.tidy(() => {
      const window = maxPoolLayer(3, { stride: 2, padding: 1 });
      const input = tf.randomNormal([3, 24, 24, 64], 0, 1, 'float32', 6);
      const outputGradient = tf.randomNormal([3, 12, 12, 64], 0, 1, 'float32', 7);
      const [opByOp, compiled] = [1, 2].map(() =>
        functions
          .run('forward and backward', [input, outputGradient], () => pooled(input, outputGradient, window))
          .map((tensor) => tensor.dataSync()),
      );
      expect(compiled).toEqual(opByOp);
    });
  });
});

/**
 * The definition: nothing around the image counts, and the first of equal values, row by row, gets the gradient. That of
 * the output is of whole numbers, so that sums are exact in any order.
 */
function reference(input: Tensor, { kernelSize: [kernelHeight, kernelWidth], stride }: MaxPool, margins: Margins) {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const [above, below, left, right] = margins;
  const rows = Math.floor((height + above + below - kernelHeight) / stride) + 1;
  const columns = Math.floor((width + left + right - kernelWidth) / stride) + 1;
  const outputGradient = tf.randomUniform([batch, rows, columns, channels], -9, 9, 'int32', 8).toFloat();
  const image = input.dataSync();
  const at = (index: number) => image[index] ?? NaN;
  const inputGradient = new Float32Array(image.length);
  const output = outputGradient.dataSync().map((gradient, outputIndex) => {
    const channel = outputIndex % channels;
    const column = Math.floor(outputIndex / channels) % columns;
    const row = Math.floor(outputIndex / channels / columns) % rows;
    const n = Math.floor(outputIndex / channels / columns / rows);
    const pixels = cross(
      range(row * stride - above, kernelHeight, height),
      range(column * stride - left, kernelWidth, width),
    );
    const indices = pixels.map(([y, x]) => ((n * height + y) * width + x) * channels + channel);
    const largest = indices.reduce((best, index) => (at(index) > at(best) ? index : best));
    inputGradient[largest] = (inputGradient[largest] ?? NaN) + gradient;
    return at(largest);
  });
  return { output, outputGradient, inputGradient };
}

/** `length` numbers from `start`, without those outside of [0, end). */
const range = (start: number, length: number, end: number): number[] =>
  Array.from({ length }, (_, index) => start + index).filter((at) => at >= 0 && at < end);

const cross = (a: readonly number[], b: readonly number[]) => a.flatMap((y) => b.map((x): [number, number] => [y, x]));
