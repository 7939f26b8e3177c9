import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, type TrainersConfig } from '../../config/config.js';
import { packageRoot } from '../../config/package-root.js';

/** Main file of the trainer process. */
export const TRAINER_ENTRY = join(import.meta.dirname, '../trainer/main.js');

/** Where `scripts/setup.mjs --device gpu` puts the CUDA libraries, a folder for each. */
const CUDA_FOLDER = join(packageRoot, 'node_modules/@tensorflow/tfjs-node-gpu/deps/nvidia');

/** Settings of a trainer process that TensorFlow reads from its environment, once, when it is loaded. */
export interface TrainerEnvironmentSettings {
  /** Threads of TensorFlow's operators; the count changes the bits of a result. */
  readonly threadCount: number;
  readonly trainers: TrainersConfig;
  /** Where the trainer keeps files of its own. */
  readonly stateDir: string;
  /** What every process gets from the machine; the worker's token is not among it. */
  readonly systemEnvironment: NodeJS.ProcessEnv;
}

/** All that a trainer process gets. oneDNN is off by default on some CPUs, and training 2.8 times slower without it. */
export function trainerEnvironment(settings: TrainerEnvironmentSettings): NodeJS.ProcessEnv {
  const { threadCount, trainers, stateDir, systemEnvironment } = settings;
  return {
    ...systemEnvironment,
    ...environmentOf(trainers),
    TRAINER_STATE_DIR: stateDir,
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: String(threadCount),
    TF_NUM_INTEROP_THREADS: String(threadCount),
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...(trainers.TENSORFLOW_DEVICE === 'GPU' && gpuEnvironment(systemEnvironment)),
  };
}

/** TensorFlow finds most CUDA libraries beside its own; cuDNN looks for the compiler of its kernels by this path alone. */
function gpuEnvironment({ LD_LIBRARY_PATH, TF_FORCE_GPU_ALLOW_GROWTH }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const paths = [...cudaLibraryFolders(), ...(LD_LIBRARY_PATH === undefined ? [] : [LD_LIBRARY_PATH])];
  return {
    ...(paths.length > 0 && { LD_LIBRARY_PATH: paths.join(':') }),
    // Else the first process on a GPU takes all of its memory.
    TF_FORCE_GPU_ALLOW_GROWTH: TF_FORCE_GPU_ALLOW_GROWTH ?? 'true',
  };
}

/**
 * The folders of the CUDA libraries; none when they were not set up: TensorFlow says what is missing when it is loaded.
 */
function cudaLibraryFolders(): string[] {
  if (!existsSync(CUDA_FOLDER)) return [];
  const folders = readdirSync(CUDA_FOLDER).map((name) => join(CUDA_FOLDER, name, 'lib'));
  return folders.filter((folder) => existsSync(folder));
}
