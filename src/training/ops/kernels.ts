/**
 * TensorFlow's ops under their own names, without tfjs's composed gradients and argument checks around them.
 * Images are NHWC, every tensor is float32 unless said otherwise; the caller disposes what is returned.
 */

import { backendInternals, nodeBackend, type Tensor, tf } from '../device/backend.js';

/** What an op takes beside its inputs. */
export type Attributes = Parameters<ReturnType<typeof nodeBackend>['executeMultipleOutputs']>[1];
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

const floatOp = (op: string, ...inputs: Tensor[]) => execute1(op, [typeAttribute('T', 'float32')], inputs);

/** Element by element; shapes broadcast from the last axis. */
export const add = (a: Tensor, b: Tensor): Tensor => floatOp('AddV2', a, b);
/** a - b, with the shapes that `add` takes. */
export const subtract = (a: Tensor, b: Tensor): Tensor => floatOp('Sub', a, b);
/** a · b, with the shapes that `add` takes. */
export const multiply = (a: Tensor, b: Tensor): Tensor => floatOp('Mul', a, b);
/** a / b, with the shapes that `add` takes; a true division, so exactly rounded. */
export const divide = (a: Tensor, b: Tensor): Tensor => floatOp('RealDiv', a, b);
/** (a - b)², with the shapes that `add` takes. */
export const squaredDifference = (a: Tensor, b: Tensor): Tensor => floatOp('SquaredDifference', a, b);
/** Half the sum of the squares, a scalar. */
export const halfSquaredNorm = (input: Tensor): Tensor => floatOp('L2Loss', input);
/** `max(x, 0)`. */
export const relu = (input: Tensor): Tensor => floatOp('Relu', input);
/** The gradient, from the output instead of the input, which then need not be kept; it is the same. */
export const reluGradient = (outputGradient: Tensor, output: Tensor): Tensor =>
  floatOp('ReluGrad', outputGradient, output);
/** `min(max(x, 0), 6)`. */
export const relu6 = (input: Tensor): Tensor => floatOp('Relu6', input);
/** The gradient, from the output, as in `reluGradient`. */
export const relu6Gradient = (outputGradient: Tensor, output: Tensor): Tensor =>
  floatOp('Relu6Grad', outputGradient, output);
/** Adds a vector along the last axis. */
export const addBias = (input: Tensor, bias: Tensor): Tensor => floatOp('BiasAdd', input, bias);
/**
 * The sums over all axes but the last, such as the gradient of a bias. In a graph, oneDNN would make one op of this and of the
 * filter's gradient where both take the same tensor, with other bits than op by op; of a matrix it does not.
 */
export function channelSums(input: Tensor): Tensor {
  const channelCount = input.shape.at(-1) ?? 0;
  return tf.tidy(() => floatOp('BiasAddGrad', input.reshape([-1, channelCount])));
}

/** Puts tensors that agree in all other axes side by side along the last one. */
export function concatChannels(parts: readonly Tensor[]): Tensor {
  const axis = tf.scalar(-1, 'int32');
  try {
    const attributes = [
      attribute('N', 'INT', parts.length),
      typeAttribute('Tidx', 'int32'),
      typeAttribute('T', 'float32'),
    ];
    return execute1('ConcatV2', attributes, [...parts, axis]);
  } finally {
    axis.dispose();
  }
}

/**
 * The rows of a tensor at these places of its first axis, in their order.
 *
 * @param rows int32 [count], each at least 0 and below the tensor's length.
 * @returns [count, …]
 */
export function rowsAt(input: Tensor, rows: Tensor): Tensor {
  const attributes = [
    typeAttribute('Tparams', 'float32'),
    typeAttribute('Tindices', 'int32'),
    typeAttribute('Taxis', 'int32'),
    attribute('batch_dims', 'INT', 0),
  ];
  // tf.gather reads the places on the host, to check them.
  return tf.tidy(() => execute1('GatherV2', attributes, [input, rows, tf.scalar(0, 'int32')]));
}

/** Undoes `concatChannels`, for parts of so many channels each. */
export function splitChannels(whole: Tensor, channelCounts: readonly number[]): Tensor[] {
  const inputs = [tf.tensor1d([...channelCounts], 'int32'), tf.scalar(-1, 'int32')];
  try {
    const types = [typeAttribute('T', 'float32'), typeAttribute('Tlen', 'int32')];
    const attributes = [attribute('num_split', 'INT', channelCounts.length), ...types];
    return execute('SplitV', attributes, [whole, ...inputs], channelCounts.length);
  } finally {
    tf.dispose(inputs);
  }
}

/** The product of two matrices, either of them transposed first. */
export function matMul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  const attributes = [
    typeAttribute('T', 'float32'),
    attribute('transpose_a', 'BOOL', transposeA),
    attribute('transpose_b', 'BOOL', transposeB),
  ];
  return execute1('MatMul', attributes, [a, b]);
}
