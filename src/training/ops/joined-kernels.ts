import type { Window } from '../../networks/layers.js';
import { hasOneDnnKernels, nodeBackend, type Tensor, tf } from '../device/backend.js';
import { CONV, DEPTHWISE_CONV } from './conv-kernels.js';
import { add, addBias, attribute, type Attributes, execute1, relu, relu6 } from './kernels.js';
import { windowAttributes, windowPadding } from './window-attributes.js';

/** What may follow an op on images, pixel by pixel. */
export type PixelwiseActivation = 'relu' | 'relu6';

/** What follows a convolution pixel by pixel, in this order; all tensors stay the caller's. */
export interface PixelwiseEnd {
  /** float32 [channels] */
  readonly bias: Tensor;
  /** Images like the convolution's output; of a depthwise one there is none. */
  readonly summand?: Tensor | undefined;
  readonly activation?: PixelwiseActivation | undefined;
}

/**
 * A convolution and its end in one pass over the images. In a function TensorFlow joins the bias alone, and nothing to a
 * depthwise convolution, so oneDNN's joined kernels are named here, which also gives the same bits op by op.
 */
export function convWithEnd(input: Tensor, filter: Tensor, window: Window, end: PixelwiseEnd): Tensor {
  if (!hasOneDnnKernels()) return tf.tidy(() => ended(CONV.forward(input, filter, window), end));
  const args = argumentsOf(end);
  const attributes = [
    ...windowAttributes(window, input.shape),
    ...joinedAttributes(end),
    { name: 'TArgs', type: nodeBackend().binding.TF_ATTR_TYPE, value: args.map(() => floatType()) },
    attribute('num_host_args', 'INT', 0),
  ];
  return execute1('_MklNativeFusedConv2D', attributes, [input, filter, ...args]);
}

/** The same of a depthwise convolution; where the window needs margins that TensorFlow has no name for, pass by pass. */
export function depthwiseConvWithEnd(input: Tensor, filter: Tensor, window: Window, end: PixelwiseEnd): Tensor {
  const isNamed = typeof windowPadding(window, input.shape) === 'string';
  if (!hasOneDnnKernels() || !isNamed) return tf.tidy(() => ended(DEPTHWISE_CONV.forward(input, filter, window), end));
  const attributes = [...windowAttributes(window, input.shape), ...joinedAttributes(end)];
  return execute1('_MklNativeFusedDepthwiseConv2dNative', attributes, [input, filter, ...argumentsOf(end)]);
}

const ONE_PIXEL: Window = { kernelSize: [1, 1], stride: 1, padding: [0, 0] };

/**
 * Each channel times its factor plus its shift, float32 [channels] each, and the activation: one pass over the images, since it is
 * a depthwise convolution of one pixel.
 */
export function scaleChannels(
  input: Tensor,
  factors: Tensor,
  shifts: Tensor,
  activation: PixelwiseActivation | undefined,
): Tensor {
  return tf.tidy(() =>
    depthwiseConvWithEnd(input, factors.reshape([1, 1, -1, 1]), ONE_PIXEL, { bias: shifts, activation }),
  );
}

/** The activation as a pass of its own; without one a copy of the handle alone. */
export function activated(input: Tensor, activation: PixelwiseActivation | undefined): Tensor {
  if (activation === undefined) return input.clone();
  return activation === 'relu' ? relu(input) : relu6(input);
}

const argumentsOf = ({ bias, summand }: PixelwiseEnd): Tensor[] => [bias, ...(summand === undefined ? [] : [summand])];

function joinedAttributes({ bias, summand, activation }: PixelwiseEnd): Attributes {
  const ops = ['BiasAdd', ...(summand === undefined ? [] : ['Add'])];
  if (activation !== undefined) ops.push(activation === 'relu' ? 'Relu' : 'Relu6');
  return [
    attribute('num_args', 'INT', argumentsOf({ bias, summand }).length),
    attribute('fused_ops', 'STRING', ops),
    // TensorFlow registers these kernels under a label, so that nobody finds them by accident.
    attribute('_kernel', 'STRING', 'MklNameChangeOp'),
  ];
}

const floatType = (): number => nodeBackend().getDTypeInteger('float32');

/** The end in as many passes as it has parts, as tensors of the surrounding tidy. */
function ended(product: Tensor, { bias, summand, activation }: PixelwiseEnd): Tensor {
  const biased = addBias(product, bias);
  const sum = summand === undefined ? biased : add(biased, summand);
  return activated(sum, activation);
}
