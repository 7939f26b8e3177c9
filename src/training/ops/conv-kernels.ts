import type { Window } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { execute1, matMul } from './kernels.js';
import { cutMargins, marginsOf, pad, paddedShape, withoutMargins } from './margins.js';
import { windowAttributes } from './window-attributes.js';

/** The three ops of one kind of convolution; the caller disposes what they return. */
export interface ConvKernels {
  forward(input: Tensor, filter: Tensor, window: Window): Tensor;
  inputGradient(inputShape: number[], filter: Tensor, outputGradient: Tensor, window: Window): Tensor;
  filterGradient(input: Tensor, filterShape: number[], outputGradient: Tensor, window: Window): Tensor;
}

const SLIDING_CONV = convKernels('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');

/** Filters are [height, width, inputs, outputs]. */
export const CONV: ConvKernels = {
  forward: (input, filter, window) => kernelsFor(window).forward(input, filter, window),
  inputGradient: (shape, filter, gradient, window) => kernelsFor(window).inputGradient(shape, filter, gradient, window),
  filterGradient: (input, shape, gradient, window) => kernelsFor(window).filterGradient(input, shape, gradient, window),
};

/** Filters are [height, width, channels, 1]. */
export const DEPTHWISE_CONV = convKernels(
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
);

const kernelsFor = (window: Window): ConvKernels => (isPointwise(window) ? POINTWISE_CONV : SLIDING_CONV);

/** Whether a window is one pixel, and visits each. */
function isPointwise({ kernelSize: [height, width], stride, padding }: Window): boolean {
  const hasNoMargin = typeof padding === 'string' || padding[0] + padding[1] === 0;
  return height * width === 1 && stride === 1 && hasNoMargin;
}

/**
 * A window of one pixel is a matrix product: oneDNN multiplies matrices as they lie, while its convolutions reorder the
 * filter first, in each direction. Forward passes take 0.7 to 1 of the time, gradients of filters 0.5 to 0.9.
 */
const POINTWISE_CONV: ConvKernels = {
  forward: (input, filter) =>
    tf.tidy(() => reshaped(matMul(matrix(input), matrix(filter)), [...input.shape.slice(0, 3), filter.shape[3] ?? 0])),
  inputGradient: (shape, filter, gradient) =>
    tf.tidy(() => reshaped(matMul(matrix(gradient), matrix(filter), { transposeB: true }), shape)),
  filterGradient: (input, shape, gradient) =>
    tf.tidy(() => reshaped(matMul(matrix(input), matrix(gradient), { transposeA: true }), shape)),
};

/** [..., channels] as [rows, channels] */
const matrix = (tensor: Tensor): Tensor => reshaped(tensor, [-1, tensor.shape.at(-1) ?? 0]);

const reshaped = (tensor: Tensor, shape: readonly number[]): Tensor => tf.reshape(tensor, [...shape]);

/** Gradients put a window's margins around the image themselves; strided convolutions of torch's networks need it. */
function convKernels(forward: string, inputGradient: string, filterGradient: string): ConvKernels {
  return {
    forward: (input, filter, window) => execute1(forward, windowAttributes(window, input.shape), [input, filter]),
    inputGradient: (shape, filter, gradient, window) =>
      tf.tidy(() => {
        const margins = marginsOf(window, shape);
        const padded = margins === undefined ? shape : paddedShape(shape, margins);
        const attributes = windowAttributes(withoutMargins(window, margins), padded);
        const whole = execute1(inputGradient, attributes, [tf.tensor1d(padded, 'int32'), filter, gradient]);
        return margins === undefined ? whole : cutMargins(whole, margins, shape);
      }),
    filterGradient: (input, shape, gradient, window) =>
      tf.tidy(() => {
        const margins = marginsOf(window, input.shape);
        const padded = margins === undefined ? input : pad(input, margins);
        const attributes = windowAttributes(withoutMargins(window, margins), padded.shape);
        return execute1(filterGradient, attributes, [padded, tf.tensor1d(shape, 'int32'), gradient]);
      }),
  };
}
