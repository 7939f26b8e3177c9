import { env } from 'node:process';
import * as tf from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';

export { tf };
/** A tensor on the device; float32 unless said otherwise. */
export type Tensor = tf.Tensor;

/** What decides the bits of a result; recorded with every trial and equal within a job. */
export interface BackendSettings {
  readonly tensorflowVersion: string;
  /** Whether TF_ENABLE_ONEDNN_OPTS is 1; training is up to 2.8 times slower without it. */
  readonly oneDnn: boolean;
  /** 0 lets TensorFlow choose: one a core. */
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly isUsingGpu: boolean;
}

/**
 * Waits until TensorFlow can be used, and says how it is set up.
 *
 * The settings are environment variables that TensorFlow reads when it is loaded, so they must be set by whoever starts
 * the process: TF_ENABLE_ONEDNN_OPTS=1, TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS.
 *
 * @throws Error when TF_ENABLE_ONEDNN_OPTS is neither 0 nor 1: the CPU would then decide, and results would not tell.
 */
export async function startBackend(): Promise<BackendSettings> {
  const oneDnn = env['TF_ENABLE_ONEDNN_OPTS'];
  if (oneDnn !== '0' && oneDnn !== '1') {
    throw new Error(`TF_ENABLE_ONEDNN_OPTS is ${oneDnn ?? 'not set'}; start the process with 1 (or 0)`);
  }
  await tf.ready();
  return backendSettings();
}

/** How this process's TensorFlow is set up. */
export function backendSettings(): BackendSettings {
  const { binding, isUsingGpuDevice } = nodeBackend();
  return {
    tensorflowVersion: binding.TF_Version,
    oneDnn: env['TF_ENABLE_ONEDNN_OPTS'] === '1',
    intraOpThreads: Number(env['TF_NUM_INTRAOP_THREADS'] ?? 0),
    interOpThreads: Number(env['TF_NUM_INTEROP_THREADS'] ?? 0),
    isUsingGpu: isUsingGpuDevice,
  };
}

/** Tensors that TensorFlow itself holds, which also counts what tfjs has lost sight of; for leak tests. */
export function nativeTensorCount(): number {
  return nodeBackend().binding.getNumOfTensors();
}

/** TensorFlow behind tfjs: runs any op by name. */
export function nodeBackend(): NodeJSKernelBackend {
  // tfjs types every backend as its abstract base; only tfjs-node is ever imported here.
  return tf.backend() as NodeJSKernelBackend;
}
