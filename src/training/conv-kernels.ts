import type { Window } from '../networks/layers.js';
import { type Tensor, tf } from './backend.js';
import { execute1 } from './kernels.js';
import { windowAttributes } from './window-attributes.js';

/** The three ops of one kind of convolution; the caller disposes what they return. */
export interface ConvKernels {
  forward(input: Tensor, filter: Tensor, window: Window): Tensor;
  inputGradient(inputShape: number[], filter: Tensor, outputGradient: Tensor, window: Window): Tensor;
  filterGradient(input: Tensor, filterShape: number[], outputGradient: Tensor, window: Window): Tensor;
}

/** Filters are [height, width, inputs, outputs]. */
export const CONV = convKernels('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');

/** Filters are [height, width, channels, 1]. */
export const DEPTHWISE_CONV = convKernels(
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
);

function convKernels(forward: string, inputGradient: string, filterGradient: string): ConvKernels {
  return {
    forward: (input, filter, window) => execute1(forward, windowAttributes(window, input.shape), [input, filter]),
    inputGradient: (shape, filter, gradient, window) =>
      tf.tidy(() =>
        execute1(inputGradient, windowAttributes(window, shape), [tf.tensor1d(shape, 'int32'), filter, gradient]),
      ),
    filterGradient: (input, shape, gradient, window) =>
      tf.tidy(() =>
        execute1(filterGradient, windowAttributes(window, input.shape), [input, tf.tensor1d(shape, 'int32'), gradient]),
      ),
  };
}
