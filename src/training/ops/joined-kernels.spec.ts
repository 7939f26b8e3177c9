import { describe, expect, it } from 'vitest';
import type { Padding, Window } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { CONV, DEPTHWISE_CONV } from './conv-kernels.js';
import { convWithEnd, depthwiseConvWithEnd, type PixelwiseActivation } from './joined-kernels.js';
import { add, addBias, relu, relu6 } from './kernels.js';

const INPUT_SHAPE = [2, 7, 9, 8];
const OUTPUT_CHANNELS = 5;

/** [what, size of the window, stride, padding] */
const WINDOWS: readonly (readonly [string, number, number, Padding])[] = [
  ['one pixel', 1, 1, [0, 0]],
  ['zeros around the image', 3, 2, [1, 1]],
  ['TensorFlow padding', 3, 2, 'SAME'],
];

describe.each(['EAGER', 'TRACED'] as const)('%s', (execution) => {
  describe.each(WINDOWS)('a window of %s', (_, size, stride, padding) => {
    const window: Window = { kernelSize: [size, size], stride, padding };

    it.each([undefined, 'relu', 'relu6'] as const)('joins a convolution, its bias, a sum and %s', (activation) =>
      withRandom([size, size, 8, OUTPUT_CHANNELS], window, ({ input, filter, bias, summand }) => {
        const found = run(execution, [input, filter, bias, summand], () => [
          convWithEnd(input, filter, window, { bias, activation }),
          // The kernel may write over what it adds, but not while somebody else holds it.
          convWithEnd(input, filter, window, { bias, summand, activation }),
          add(summand, tf.scalar(0)),
        ]);
        const biased = addBias(CONV.forward(input, filter, window), bias);
        expectClose(found, [passed(biased, activation), passed(add(biased, summand), activation), summand]);
      }),
    );

    it.each([undefined, 'relu', 'relu6'] as const)('joins a depthwise convolution, its bias and %s', (activation) =>
      withRandom([size, size, 8, 1], window, ({ input, filter, bias }) => {
        const found = run(execution, [input, filter, bias], () => [
          depthwiseConvWithEnd(input, filter, window, { bias, activation }),
        ]);
        const biased = addBias(DEPTHWISE_CONV.forward(input, filter, window), bias);
        expectClose(found, [passed(biased, activation)]);
      }),
    );
  });
});

interface Given {
  readonly input: Tensor;
  readonly filter: Tensor;
  readonly bias: Tensor;
  readonly summand: Tensor;
}

function withRandom(filterShape: readonly number[], window: Window, body: (given: Given) => void): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const random = (shape: readonly number[], seed: number) => tf.randomNormal([...shape], 0, 3, 'float32', seed);
    const [input, filter] = [random(INPUT_SHAPE, 1), random(filterShape, 2)];
    const kernels = filterShape.at(-1) === 1 ? DEPTHWISE_CONV : CONV;
    const { shape } = kernels.forward(input, filter, window);
    body({ input, filter, bias: random([shape.at(-1) ?? 0], 3), summand: random(shape, 4) });
  });
  expect(tf.memory().numTensors).toBe(before);
}

function run(execution: 'EAGER' | 'TRACED', args: readonly Tensor[], body: () => Tensor[]): Tensor[] {
  const functions = new TracedFunctions(execution);
  const scope = functions.enter('joined kernels');
  try {
    return scope.run('all', args, body);
  } finally {
    scope.leave();
    functions.dispose();
  }
}

function passed(input: Tensor, activation: PixelwiseActivation | undefined): Tensor {
  if (activation === undefined) return input;
  return activation === 'relu' ? relu(input) : relu6(input);
}

function expectClose(found: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  found.forEach((tensor, index) => {
    const other = expected[index];
    if (other === undefined) throw new Error('too few');
    expect(tf.max(tf.abs(tf.sub(tensor, other))).dataSync()[0]).toBeLessThan(1e-4);
  });
}
