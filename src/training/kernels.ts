/**
 * TensorFlow's ops under their own names, without tfjs's composed gradients and argument checks around them.
 * Images are NHWC, padding is SAME, every tensor is float32 unless said otherwise; the caller disposes what is returned.
 */

import { backendInternals, nodeBackend, type Tensor, tf } from './backend.js';

type Attributes = Parameters<ReturnType<typeof nodeBackend>['executeMultipleOutputs']>[1];
type Attribute = Attributes[number];
type Kind = 'BOOL' | 'FLOAT' | 'INT' | 'SHAPE' | 'STRING';

/** An attribute of an op; `INT` takes one number or a list. */
export function attribute(name: string, kind: Kind, value: Attribute['value']): Attribute {
  return { name, type: nodeBackend().binding[`TF_ATTR_${kind}`], value };
}

/** An attribute that is a dtype, such as `T`. */
export function typeAttribute(name: string, dtype: 'float32' | 'int32'): Attribute {
  const backend = nodeBackend();
  return { name, type: backend.binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(dtype) };
}

/** Runs an op; for ops that return nothing, `outputCount` is 0. */
export function execute(op: string, attributes: Attributes, inputs: readonly Tensor[], outputCount: number): Tensor[] {
  return nodeBackend().executeMultipleOutputs(op, attributes, [...inputs], outputCount);
}

/** Runs an op of one output. */
export function execute1(op: string, attributes: Attributes, inputs: readonly Tensor[]): Tensor {
  return nodeBackend().executeSingleOutput(op, attributes, [...inputs]);
}

/**
 * Puts bytes on the device as float32, casting there: a quarter of the bytes cross.
 *
 * @param bytes Must not change during the call.
 * @returns 0 to 255, float32 of the given shape; the caller disposes it.
 */
export function floatsFromBytes(bytes: Uint8Array, shape: readonly number[]): Tensor {
  const backend = nodeBackend();
  const { binding } = backend;
  const id = binding.createTensor([...shape], binding.TF_UINT8, bytes);
  try {
    const attributes = [
      { name: 'SrcT', type: binding.TF_ATTR_TYPE, value: binding.TF_UINT8 },
      typeAttribute('DstT', 'float32'),
    ];
    const [metadata] = binding.executeOp('Cast', attributes, [id], 1);
    if (metadata === undefined) throw new Error('Cast returned nothing');
    // tfjs has no uint8, so its public way in would cast to int32 first.
    return backendInternals().createOutputTensor(metadata);
  } finally {
    binding.deleteTensor(id);
  }
}

/** Attributes that a convolution and its two gradients share. */
function convAttributes(stride: number): Attributes {
  return [
    typeAttribute('T', 'float32'),
    attribute('strides', 'INT', [1, stride, stride, 1]),
    attribute('padding', 'STRING', 'SAME'),
    attribute('data_format', 'STRING', 'NHWC'),
  ];
}

/** @param op A gradient op that wants the shape of its result as the input at `sizeAt`. */
function convGradient(op: string, stride: number, shape: number[], sizeAt: 0 | 1, inputs: [Tensor, Tensor]): Tensor {
  const size = tf.tensor1d(shape, 'int32');
  try {
    return execute1(op, convAttributes(stride), inputs.toSpliced(sizeAt, 0, size));
  } finally {
    size.dispose();
  }
}

/** The three ops of one kind of convolution. */
export interface ConvKernels {
  /** @returns [batch, ceil(height / stride), ceil(width / stride), outputs]. */
  forward(input: Tensor, filter: Tensor, stride: number): Tensor;
  inputGradient(inputShape: number[], filter: Tensor, outputGradient: Tensor, stride: number): Tensor;
  filterGradient(input: Tensor, filterShape: number[], outputGradient: Tensor, stride: number): Tensor;
}

function convKernels(forward: string, inputGradient: string, filterGradient: string): ConvKernels {
  return {
    forward: (input, filter, stride) => execute1(forward, convAttributes(stride), [input, filter]),
    inputGradient: (shape, filter, gradient, stride) =>
      convGradient(inputGradient, stride, shape, 0, [filter, gradient]),
    filterGradient: (input, shape, gradient, stride) =>
      convGradient(filterGradient, stride, shape, 1, [input, gradient]),
  };
}

/** Filters are [height, width, inputs, outputs]. */
export const CONV = convKernels('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');

/** Filters are [height, width, channels, 1]. */
export const DEPTHWISE_CONV = convKernels(
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
);

const floatOp = (op: string, ...inputs: Tensor[]) => execute1(op, [typeAttribute('T', 'float32')], inputs);

/** Element by element; shapes broadcast from the last axis. */
export const add = (a: Tensor, b: Tensor): Tensor => floatOp('AddV2', a, b);
/** As `add`. */
export const subtract = (a: Tensor, b: Tensor): Tensor => floatOp('Sub', a, b);
/** As `add`. */
export const multiply = (a: Tensor, b: Tensor): Tensor => floatOp('Mul', a, b);
/** As `add`; a true division, so exactly rounded. */
export const divide = (a: Tensor, b: Tensor): Tensor => floatOp('RealDiv', a, b);
/** `min(max(x, 0), 6)`. */
export const relu6 = (input: Tensor): Tensor => floatOp('Relu6', input);
/** From the output instead of the input, which then need not be kept; the gradient is the same. */
export const relu6Gradient = (outputGradient: Tensor, output: Tensor): Tensor =>
  floatOp('Relu6Grad', outputGradient, output);
/** Adds a vector along the last axis. */
export const addBias = (input: Tensor, bias: Tensor): Tensor => floatOp('BiasAdd', input, bias);
/** The sum over all axes but the last. */
export const biasGradient = (outputGradient: Tensor): Tensor => floatOp('BiasAddGrad', outputGradient);

/** The product of two matrices, either of them transposed first. */
export function matMul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  const attributes = [
    typeAttribute('T', 'float32'),
    attribute('transpose_a', 'BOOL', transposeA),
    attribute('transpose_b', 'BOOL', transposeB),
  ];
  return execute1('MatMul', attributes, [a, b]);
}
