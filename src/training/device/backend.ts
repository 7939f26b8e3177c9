import { arch } from 'node:process';
import type * as tfjs from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { readConfig } from '../../config/config.js';
import { tensorflowEnvironmentSchema } from '../../config/tensorflow-environment.js';
import { DomainError } from '../../domain/errors.js';
import type { Execution, Runtime } from '../../domain/runtime.js';
import { largestInstructionSet } from './instruction-set.js';
import { cpuFlags, gpuOfMachine } from './machine.js';

export type { Execution };

const readEnvironment = () => readConfig(tensorflowEnvironmentSchema);

const { TENSORFLOW_DEVICE: deviceAskedFor, ONEDNN_MAX_CPU_ISA: largestAllowed } = readEnvironment();

/** What oneDNN's kernels use; it reads the same variable, once. */
const instructionSet = largestInstructionSet(cpuFlags(), largestAllowed);

/** TensorFlow for that device; of the package for GPUs where one is requested, which has the same functions. */
export const tf: typeof tfjs =
  deviceAskedFor === 'GPU' ? await importGpuPackage() : await import('@tensorflow/tfjs-node');
/** A tensor on the device; float32 unless said otherwise. */
export type Tensor = tfjs.Tensor;
export type Tensor2D = tfjs.Tensor2D;
export type Tensor3D = tfjs.Tensor3D;
export type Tensor4D = tfjs.Tensor4D;
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
  /** The tensor whose data a `Const` holds. */
  readonly tensorId?: number;
  /** The shape of the first output, where TensorFlow cannot infer it. */
  readonly shape?: readonly number[];
}

/** What is known of a value before it is computed; the shape is absent where it depends on other values. */
export interface GraphValue {
  readonly dtype: number;
  readonly shape?: number[];
}

/** What `patches/@tensorflow+tfjs-node+4.22.0.patch` adds to the addon. */
export interface TracingBinding extends Binding {
  /** Begins a graph; one that was begun before is dropped. */
  startGraph(): void;
  /** Adds a node, without running anything. @returns its outputs. */
  addNode(node: GraphNode): readonly GraphValue[];
  /**
   * Makes the graph a function that `executeOp` runs by its name; the graph is gone then.
   *
   * @param argumentCount So many nodes at the start, each a `Placeholder`, are the arguments.
   * @param outputs Positions, as in a node's inputs.
   */
  createFunction(name: string, argumentCount: number, outputs: readonly number[]): void;
  dropGraph(): void;
  deleteFunction(name: string): void;
  getNumOfFunctions(): number;
}

/**
 * Waits until TensorFlow can be used, and says how it is set up.
 *
 * The settings are environment variables that TensorFlow reads when it is loaded, so they must be set by whoever starts
 * the process: TENSORFLOW_DEVICE, TF_ENABLE_ONEDNN_OPTS=1, TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS.
 *
 * @throws {Error} when TF_ENABLE_ONEDNN_OPTS is absent: the CPU would then decide, and results would not show it.
 * @throws {DomainError} GPU_UNAVAILABLE when a GPU was requested and TensorFlow uses none: it would run on the CPU unseen.
 *   The import of this module throws the same when the package for GPUs cannot be loaded.
 */
export async function startBackend(): Promise<Runtime> {
  if (readEnvironment().TF_ENABLE_ONEDNN_OPTS === undefined) {
    throw new Error('TF_ENABLE_ONEDNN_OPTS is not set; start the process with 1 (or 0)');
  }
  await tf.ready();
  const settings = backendSettings();
  if (settings.device === deviceAskedFor) return settings;
  throw new DomainError('GPU_UNAVAILABLE', 'TENSORFLOW_DEVICE is GPU, and TensorFlow found no GPU that it can use.');
}

/** How this process's TensorFlow runs. A thread count of 0 lets TensorFlow choose: one a core. */
export function backendSettings(): Runtime {
  const { binding, isUsingGpuDevice } = nodeBackend();
  const environment = readEnvironment();
  return {
    tensorflowVersion: binding.TF_Version,
    device: isUsingGpuDevice ? 'GPU' : 'CPU',
    oneDnn: environment.TF_ENABLE_ONEDNN_OPTS === '1',
    intraOpThreadCount: environment.TF_NUM_INTRAOP_THREADS,
    interOpThreadCount: environment.TF_NUM_INTEROP_THREADS,
    instructionSet,
    execution: tracingBinding() === undefined ? 'EAGER' : 'TRACED',
    ...(isUsingGpuDevice && gpuOfMachine()),
  };
}

/** Whether ops can ask for oneDNN's kernels by name, `_MklNative…`: on the CPU, in TensorFlow's builds for x64. */
export function hasOneDnnKernels(): boolean {
  const { device, oneDnn } = backendSettings();
  return device === 'CPU' && oneDnn && arch === 'x64';
}

/** Whether oneDNN's kernels are there and make do without AVX-512: some are slower than several simple ones then. */
export function hasNarrowOneDnnKernels(): boolean {
  return hasOneDnnKernels() && !instructionSet.startsWith('AVX512');
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
  // tfjs types every backend as its abstract base; only tfjs-node's two packages are ever imported here.
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

async function importGpuPackage(): Promise<typeof tfjs> {
  try {
    // Both packages have the same version. Only classes with protected members, which TypeScript compares by name, are in the way.
    return (await import('@tensorflow/tfjs-node-gpu')) as unknown as typeof tfjs;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const advice = 'Set it up with "node scripts/setup.mjs --device gpu".';
    throw new DomainError(
      'GPU_UNAVAILABLE',
      `TENSORFLOW_DEVICE is GPU, and TensorFlow for GPUs cannot be loaded: ${why}\n${advice}`,
      { why },
      { cause: error },
    );
  }
}
