import { join } from 'node:path';
import { CACHE } from '../../scripts/setup/paths.mjs';

/** Side of the square input, in pixels, of each network that every peer has a builder for. */
export const IMAGE_SIZE_PX = {
  'efficientnet-lite0': 64,
  resnet50: 64,
  densenet121: 64,
  'inception-v3': 96,
  'mobilenet-v2': 64,
};

/** What is measured, in the order of the table. */
export const MODES = {
  full: 'training step, everything trained',
  head: 'training step, head and last block',
  inference: 'inference',
  cache: 'training step on cached features, half of the blocks frozen',
  memory: 'peak memory of a training step',
  startup: 'start until the first training step is done',
};

export const BATCH_SIZE = 32;
export const CLASS_COUNT = 10;
export const THREAD_COUNT = 2;
/** Steps before the first that counts: tracing, compiling, and oneDNN's choices. */
export const WARM_UP_STEP_COUNT = 4;

/** The same for all: TensorFlow under Node and under Python reads the first four, torch the rest. */
export const PEER_ENVIRONMENT = {
  TF_ENABLE_ONEDNN_OPTS: '1',
  TF_NUM_INTRAOP_THREADS: String(THREAD_COUNT),
  TF_NUM_INTEROP_THREADS: String(THREAD_COUNT),
  TF_CPP_MIN_LOG_LEVEL: '2',
  CUDA_VISIBLE_DEVICES: '-1',
  OMP_NUM_THREADS: String(THREAD_COUNT),
  MKL_NUM_THREADS: String(THREAD_COUNT),
  // Else torch's threads spin while they wait for each other: up to ten times slower on a machine with other work.
  OMP_WAIT_POLICY: 'PASSIVE',
};

/**
 * What a peer process gets, as JSON, in its first argument.
 *
 * @typedef {object} PeerSettings
 * @property {string} network
 * @property {'full' | 'head' | 'half' | 'inference'} work
 * @property {number} imageSizePx
 * @property {number} batchSize
 * @property {number} classCount
 * @property {number} threadCount
 * @property {string} inputFile float32 [batch, size, size, 3]; example i has label i modulo classCount.
 */

/** @param {string} network @param {PeerSettings['work']} work @returns {PeerSettings} */
export function peerSettings(network, work) {
  const imageSizePx = IMAGE_SIZE_PX[network];
  const inputFile = join(CACHE, `bench-input-${imageSizePx}.f32`);
  return {
    network,
    work,
    imageSizePx,
    inputFile,
    batchSize: BATCH_SIZE,
    classCount: CLASS_COUNT,
    threadCount: THREAD_COUNT,
  };
}
