import type { HostTensor } from '../formats/safetensors.js';
import type { ParameterSpec } from './parameters.js';

/** Which axis of torch's layout becomes each axis of TensorFlow's. */
export const TENSORFLOW_AXES = { conv: [2, 3, 1, 0], depthwise: [2, 3, 0, 1], linear: [1, 0], vector: [0] } as const;
/** The inverse. */
export const TORCH_AXES = { conv: [3, 2, 0, 1], depthwise: [2, 3, 0, 1], linear: [1, 0], vector: [0] } as const;

/**
 * Reorders a tensor from torch's layout to TensorFlow's, exactly: conv OIHW to HWIO, depthwise C1HW to HWC1,
 * linear [out, in] to [in, out]. Vectors are returned as they are, sharing memory.
 */
export function toTensorFlowLayout(tensor: HostTensor, kind: ParameterSpec['kind']): HostTensor {
  return transpose(tensor, TENSORFLOW_AXES[kind]);
}

/** The inverse of `toTensorFlowLayout`. */
export function toTorchLayout(tensor: HostTensor, kind: ParameterSpec['kind']): HostTensor {
  return transpose(tensor, TORCH_AXES[kind]);
}

function transpose(tensor: HostTensor, order: readonly number[]): HostTensor {
  if (order.length === 1) return tensor;
  const dimension = (axis: number) => tensor.shape[axis] ?? 1;
  // Padded in front to four axes, so that one loop serves matrices too.
  const strides = tensor.shape.map((_, axis) => tensor.shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const lengths = [1, 1, 1, 1, ...order.map(dimension)].slice(-4);
  const steps = [0, 0, 0, 0, ...order.map((axis) => strides[axis] ?? 0)].slice(-4);
  const [n0 = 1, n1 = 1, n2 = 1, n3 = 1] = lengths;
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = steps;
  const data = new Float32Array(tensor.data.length);
  let position = 0;
  for (let a = 0; a < n0; a++)
    for (let b = 0; b < n1; b++)
      for (let c = 0; c < n2; c++)
        for (let d = 0; d < n3; d++) data[position++] = tensor.data[a * s0 + b * s1 + c * s2 + d * s3] ?? NaN;
  return { dtype: tensor.dtype, shape: order.map(dimension), data };
}
