import type { AveragePool, MaxPool } from '../networks/layers.js';
import { hasOneDnnKernels, type Tensor, type Tensor2D, type Tensor3D, tf } from './backend.js';
import { attribute, execute, execute1 } from './kernels.js';
import { windowAttributes, windowPadding, windowSizeAttribute } from './window-attributes.js';

type Shape = readonly number[];

/** All of it is the caller's to dispose. */
export interface MaxPoolResult {
  readonly output: Tensor;
  /** What the gradient op wants back beside input and output. */
  readonly reserves: readonly Tensor[];
}

/** The largest value of each window; what surrounds the image never wins. */
export function maxPool(input: Tensor, window: MaxPool): MaxPoolResult {
  const { forward, attributes, reserveCount } = maxPoolOps(window, input.shape);
  const [output, ...reserves] = execute(forward, attributes, [input], 1 + reserveCount);
  if (output === undefined) throw new Error(`${forward} returned nothing`);
  return { output, reserves };
}

/** Goes where the largest value of each window was. */
export function maxPoolGradient(
  outputGradient: Tensor,
  input: Tensor,
  { output, reserves }: MaxPoolResult,
  window: MaxPool,
): Tensor {
  const { gradient, attributes } = maxPoolOps(window, input.shape);
  return execute1(gradient, attributes, [input, output, outputGradient, ...reserves]);
}

/**
 * In a graph TensorFlow puts oneDNN's kernels in the place of its own, but not op by op. Where windows overlap, the two may
 * add up a pixel's gradients in different orders, so oneDNN's are asked for by name, which are also the faster ones:
 * forward and backward take 5 ms instead of 30 for 64 channels of 48 x 48 px and 32 images. They know no EXPLICIT padding.
 */
function maxPoolOps(window: MaxPool, imageShape: Shape) {
  const attributes = [...windowAttributes(window, imageShape), windowSizeAttribute(window)];
  const isOneDnn = hasOneDnnKernels() && typeof windowPadding(window, imageShape) === 'string';
  if (!isOneDnn) return { forward: 'MaxPool', gradient: 'MaxPoolGrad', attributes, reserveCount: 0 };
  return {
    forward: '_MklNativeMaxPool',
    gradient: '_MklNativeMaxPoolGrad',
    // TensorFlow registers these kernels under a label, so that nobody finds them by accident.
    attributes: [...attributes, attribute('_kernel', 'STRING', 'MklNameChangeOp')],
    reserveCount: 1,
  };
}

/** The mean of each window, zeros around the image included: the op itself knows no such padding. */
export function averagePool(input: Tensor, window: AveragePool): Tensor {
  const [vertical, horizontal] = window.padding;
  return tf.tidy(() => {
    const padded = tf.pad(input, [
      [0, 0],
      [vertical, vertical],
      [horizontal, horizontal],
      [0, 0],
    ]);
    return execute1('AvgPool', averageAttributes(window, padded.shape), [padded]);
  });
}

/** Each pixel's share of the windows that it is in. */
export function averagePoolGradient(outputGradient: Tensor, inputShape: Shape, window: AveragePool): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = inputShape;
  const [vertical, horizontal] = window.padding;
  return tf.tidy(() => {
    const paddedShape = [batch, height + 2 * vertical, width + 2 * horizontal, channels];
    const inputs = [tf.tensor1d(paddedShape, 'int32'), outputGradient];
    const padded = execute1('AvgPoolGrad', averageAttributes(window, paddedShape), inputs);
    return tf.slice(padded, [0, vertical, horizontal, 0], [...inputShape]);
  });
}

/** Means of `size` x `size` windows that cover the image; they overlap where the size does not divide it. */
export function adaptiveAveragePool(input: Tensor, size: number): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  return tf.tidy(() =>
    tf
      .matMul(windowShares(size, height, width), input.reshape<Tensor3D>([batch, height * width, channels]))
      .reshape([batch, size, size, channels]),
  );
}

/** As `averagePoolGradient`. */
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

function averageAttributes(window: AveragePool, paddedShape: Shape) {
  return [...windowAttributes({ ...window, padding: [0, 0] }, paddedShape), windowSizeAttribute(window)];
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
