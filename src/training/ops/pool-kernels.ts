import type { AveragePool, MaxPool, Window } from '../../networks/layers.js';
import { hasOneDnnKernels, type Tensor, type Tensor2D, type Tensor3D, tf } from '../device/backend.js';
import { attribute, type Attributes, execute, execute1 } from './kernels.js';
import { cutMargins, marginsOf, pad, paddedShape, withoutMargins } from './margins.js';
import { type Margins, windowAttributes, windowSizeAttribute } from './window-attributes.js';

type Shape = readonly number[];

/** All of it is the caller's to dispose. */
export interface MaxPoolResult {
  readonly output: Tensor;
  /** What the gradient op wants back beside input and output; first the input with margins, where the window has some. */
  readonly reserves: readonly Tensor[];
}

/** The largest value of each window; what surrounds the image never wins. */
export function maxPool(input: Tensor, window: MaxPool): MaxPoolResult {
  const { forward, attributes, reserveCount, margins } = maxPoolOps(window, input.shape);
  const padded = margins === undefined ? [] : [pad(input, margins, LOWEST)];
  const [output, ...reserves] = execute(forward, attributes, [padded[0] ?? input], 1 + reserveCount);
  if (output === undefined) throw new Error(`${forward} returned nothing`);
  return { output, reserves: [...padded, ...reserves] };
}

/** Goes where the largest value of each window was; on the CPU to the first of equal ones, row by row. */
export function maxPoolGradient(
  outputGradient: Tensor,
  input: Tensor,
  { output, reserves }: MaxPoolResult,
  window: MaxPool,
): Tensor {
  const { gradient, attributes, margins } = maxPoolOps(window, input.shape);
  if (margins === undefined) return execute1(gradient, attributes, [input, output, outputGradient, ...reserves]);
  const [padded, ...others] = reserves;
  if (padded === undefined) throw new Error(`${gradient} wants the image that had its margins`);
  return tf.tidy(() => {
    const whole = execute1(gradient, attributes, [padded, output, outputGradient, ...others]);
    return cutMargins(whole, margins, input.shape);
  });
}

interface MaxPoolOps {
  readonly forward: string;
  readonly gradient: string;
  readonly attributes: Attributes;
  readonly reserveCount: number;
  /** What the ops want to have around the image already. */
  readonly margins?: Margins | undefined;
}

/**
 * In a graph TensorFlow puts oneDNN's kernels in the place of its own, but not op by op. Where windows overlap, the two may
 * add up a pixel's gradients in different orders, so oneDNN's are named here, which are also the faster ones:
 * forward and backward take 7 ms with margins, 5 ms without, instead of 30 and more for 64 channels of 48 x 48 px and 32 images.
 */
function maxPoolOps(window: MaxPool, imageShape: Shape): MaxPoolOps {
  if (!hasOneDnnKernels()) {
    const attributes = poolAttributes(window, imageShape);
    return { forward: 'MaxPool', gradient: 'MaxPoolGrad', attributes, reserveCount: 0 };
  }
  const margins = marginsOf(window, imageShape);
  return {
    forward: '_MklNativeMaxPool',
    gradient: '_MklNativeMaxPoolGrad',
    attributes: [
      ...poolAttributes(withoutMargins(window, margins), margins ? paddedShape(imageShape, margins) : imageShape),
      // TensorFlow registers these kernels under a label, so that nobody finds them by accident.
      attribute('_kernel', 'STRING', 'MklNameChangeOp'),
    ],
    reserveCount: 1,
    margins,
  };
}

/** The lowest float32, with which the kernels begin each window: in a margin it leaves the bits as they are without one. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** The mean of each window, zeros around the image included: the op itself knows no such padding. */
export function averagePool(input: Tensor, window: AveragePool): Tensor {
  const margins = averageMargins(window);
  return tf.tidy(() => {
    const padded = pad(input, margins);
    return execute1('AvgPool', poolAttributes(withoutMargins(window, margins), padded.shape), [padded]);
  });
}

/** Each pixel's share of the windows that it is in. */
export function averagePoolGradient(outputGradient: Tensor, inputShape: Shape, window: AveragePool): Tensor {
  const margins = averageMargins(window);
  const shape = paddedShape(inputShape, margins);
  return tf.tidy(() => {
    const inputs = [tf.tensor1d(shape, 'int32'), outputGradient];
    const padded = execute1('AvgPoolGrad', poolAttributes(withoutMargins(window, margins), shape), inputs);
    return cutMargins(padded, margins, inputShape);
  });
}

const averageMargins = ({ padding: [vertical, horizontal] }: AveragePool): Margins => [
  vertical,
  vertical,
  horizontal,
  horizontal,
];

/** Means of `size` x `size` windows that cover the image; they overlap where the size does not divide it. */
export function adaptiveAveragePool(input: Tensor, size: number): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  return tf.tidy(() =>
    tf
      .matMul(windowShares(size, height, width), input.reshape<Tensor3D>([batch, height * width, channels]))
      .reshape([batch, size, size, channels]),
  );
}

/** The gradient of the pooled image. */
export function adaptiveAveragePoolGradient(outputGradient: Tensor, inputShape: Shape): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = inputShape;
  const [, size = 0] = outputGradient.shape;
  return tf.tidy(() =>
    tf
      .matMul(windowShares(size, height, width), outputGradient.reshape<Tensor3D>([batch, size * size, channels]), true)
      .reshape([...inputShape]),
  );
}

/** The gradient of a mean over height and width: each pixel gets its share of [batch, channels]. */
export function globalMeanGradient(gradient: Tensor, inputShape: Shape): Tensor {
  const [batch = 1, height = 1, width = 1, channels = 1] = inputShape;
  return tf.tidy(() =>
    tf.broadcastTo(tf.div(gradient, height * width).reshape([batch, 1, 1, channels]), [batch, height, width, channels]),
  );
}

function poolAttributes(window: Window, imageShape: Shape): Attributes {
  return [...windowAttributes(window, imageShape), windowSizeAttribute(window)];
}

/** How much of each pixel is in each window: float32 [size * size, height * width]; every row sums to 1. */
function windowShares(size: number, height: number, width: number): Tensor2D {
  const rows = lineShares(size, height);
  const columns = lineShares(size, width);
  const shares = rows.flatMap((row) => columns.map((column) => row.flatMap((r) => column.map((c) => r * c))));
  return tf.tensor2d(shares, [size * size, height * width], 'float32');
}

/** One direction of it. Window i starts at floor(i * length / size) and ends before ceil((i + 1) * length / size). */
function lineShares(size: number, length: number): number[][] {
  return Array.from({ length: size }, (_, index) => {
    const start = Math.floor((index * length) / size);
    const end = Math.ceil(((index + 1) * length) / size);
    return Array.from({ length }, (_, at) => (at >= start && at < end ? 1 / (end - start) : 0));
  });
}
