import { env } from 'node:process';
import * as tf from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';

export { tf };
/** A tensor on the device; float32 unless said otherwise. */
export type Tensor = tf.Tensor;
/** The native addon: ops by name, tensors by id. */
export type Binding = NodeJSKernelBackend['binding'];

/** One op of a graph. */
export interface GraphNode {
  readonly op: string;
  readonly attributes: Parameters<Binding['executeOp']>[1];
  /** Positions in the list of all outputs of all nodes; a list of them where the op takes a list of tensors. */
  readonly inputs: readonly (number | readonly number[])[];
  /** Indices of nodes that must have run before, beside those whose values are inputs. */
  readonly controlInputs?: readonly number[];
  /** Of a `Const`: whose data it is. */
  readonly tensorId?: number;
}

/** What `patches/@tensorflow+tfjs-node+4.22.0.patch` adds to the addon. */
export interface TracingBinding extends Binding {
  /**
   * Makes a function that `executeOp` runs by its name.
   *
   * @param argumentCount So many nodes at the start, each a `Placeholder`, are the arguments.
   * @param outputs Positions, as in a node's inputs.
   */
  createFunction(name: string, nodes: readonly GraphNode[], argumentCount: number, outputs: readonly number[]): void;
  deleteFunction(name: string): void;
  getNumOfFunctions(): number;
}

/** Compiled TensorFlow functions, or one op after the other; the bits are the same. */
export type Execution = 'TRACED' | 'EAGER';

/** What decides the bits of a result and its speed; recorded with every trial and equal within a job. */
export interface BackendSettings {
  readonly tensorflowVersion: string;
  /** Whether TF_ENABLE_ONEDNN_OPTS is 1; training is up to 2.8 times slower without it. */
  readonly oneDnn: boolean;
  /** 0 lets TensorFlow choose: one a core. */
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly isUsingGpu: boolean;
  /** EAGER when the addon was compiled without our patch. The bits are the same, the speed is about 0.7 of TRACED. */
  readonly execution: Execution;
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
    execution: tracingBinding() === undefined ? 'EAGER' : 'TRACED',
  };
}

/** Tensors that TensorFlow itself holds, which also counts what tfjs has lost sight of; for leak tests. */
export function nativeTensorCount(): number {
  return nodeBackend().binding.getNumOfTensors();
}

/** Functions that TensorFlow holds; for leak tests. */
export function nativeFunctionCount(): number {
  return tracingBinding()?.getNumOfFunctions() ?? 0;
}

/** The addon, if it is the patched one. */
export function tracingBinding(): TracingBinding | undefined {
  const { binding } = nodeBackend();
  const isPatched = 'createFunction' in binding && typeof binding.createFunction === 'function';
  return isPatched ? (binding as TracingBinding) : undefined;
}

/** TensorFlow behind tfjs: runs any op by name. */
export function nodeBackend(): NodeJSKernelBackend {
  // tfjs types every backend as its abstract base; only tfjs-node is ever imported here.
  return tf.backend() as NodeJSKernelBackend;
}

/** What is private in the backend's types only. */
export interface BackendInternals {
  /** Native ids; puts tensors on the device that wait for their first use. */
  getInputTensorIds(tensors: Tensor[]): number[];
  createOutputTensor(metadata: object): Tensor;
}

/** TensorFlow behind tfjs, with what its types hide. */
export function backendInternals(): BackendInternals {
  return nodeBackend() as unknown as BackendInternals;
}
