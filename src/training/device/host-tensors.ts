import type { HostTensor } from '../../formats/safetensors.js';
import type { ParameterSpec } from '../../networks/parameters.js';
import { toTensorFlowLayout, toTorchLayout } from '../../networks/weight-layout.js';
import type { Weights } from '../../networks/weights.js';
import { type Tensor, tf } from './backend.js';
import { tensorNamed } from './named-tensors.js';

/** A tensor of `weights` on the device, float32 in TensorFlow's layout; the caller disposes it. */
export function toDevice({ name, kind }: ParameterSpec, weights: Weights): Tensor {
  return toDeviceAsIs(toTensorFlowLayout(tensorNamed(weights, name), kind));
}

/** A copy in this process's memory and torch layout; `tensor` stays the caller's. */
export function toHost({ kind }: ParameterSpec, tensor: Tensor): HostTensor {
  return toTorchLayout(toHostAsIs(tensor), kind);
}

/** A tensor on the device, float32, with the shape that it has here; the caller disposes it. */
export function toDeviceAsIs({ data, shape }: HostTensor): Tensor {
  return tf.tensor(data, [...shape], 'float32');
}

/** A copy in this process's memory, with the shape that it has on the device; `tensor` stays the caller's. */
export function toHostAsIs(tensor: Tensor): HostTensor {
  return { dtype: 'F32', shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) };
}
