import type { Layer } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { relu, relu6, relu6Gradient, reluGradient } from '../ops/kernels.js';
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  averagePool,
  averagePoolGradient,
  globalMeanGradient,
} from '../ops/pool-kernels.js';

/** A layer without tensors and without layers inside, whose gradient wants at most its output back. */
export type PlainLayer = Exclude<
  Layer,
  { readonly name: string } | { readonly type: 'maxPool' | 'residual' | 'concat' | 'idle' }
>;

/** What a layer's gradient may look at. `output` is alive only where the function says it needs it. */
interface ForwardPass {
  readonly output: Tensor;
  readonly inputShape: readonly number[];
}

/** A plain layer as a function and its gradient; the caller disposes what either returns. */
export interface PlainFunction {
  readonly forward: (input: Tensor) => Tensor;
  readonly gradient: (outputGradient: Tensor, pass: ForwardPass) => Tensor;
  readonly needsOutput?: true;
}

/** The ops behind a plain layer. */
export function plainFunction(layer: PlainLayer): PlainFunction {
  switch (layer.type) {
    case 'relu':
      return { forward: relu, gradient: (gradient, { output }) => reluGradient(gradient, output), needsOutput: true };
    case 'relu6':
      return { forward: relu6, gradient: (gradient, { output }) => relu6Gradient(gradient, output), needsOutput: true };
    case 'averagePool':
      return {
        forward: (input) => averagePool(input, layer),
        gradient: (gradient, { inputShape }) => averagePoolGradient(gradient, inputShape, layer),
      };
    case 'adaptiveAveragePool':
      return {
        forward: (input) => adaptiveAveragePool(input, layer.size),
        gradient: (gradient, { inputShape }) => adaptiveAveragePoolGradient(gradient, inputShape),
      };
    case 'globalMeanPool':
      return {
        forward: (input) => tf.mean(input, [1, 2]),
        gradient: (gradient, { inputShape }) => globalMeanGradient(gradient, inputShape),
      };
    case 'reverseChannels':
      return { forward: (input) => tf.reverse(input, -1), gradient: (gradient) => tf.reverse(gradient, -1) };
    case 'flatten':
      return { forward: flatten, gradient: (gradient, { inputShape }) => unflatten(gradient, inputShape) };
  }
}

function flatten(input: Tensor): Tensor {
  const [batch = 0] = input.shape;
  return tf.tidy(() => tf.transpose(input, [0, 3, 1, 2]).reshape([batch, -1]));
}

function unflatten(gradient: Tensor, [batch = 0, height = 0, width = 0, channels = 0]: readonly number[]): Tensor {
  return tf.tidy(() => gradient.reshape([batch, channels, height, width]).transpose([0, 2, 3, 1]));
}
