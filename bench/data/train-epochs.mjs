// Trains some epochs: node bench/data/train-epochs.mjs <Setting as JSON>. Prints those of each way of reading as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchReader } from '../../dist/src/datasets/batches/batch-reader.js';
import { fillBatch } from '../../dist/src/datasets/batches/fill-batch.js';
import { PackedFile } from '../../dist/src/datasets/packs/packed-file.js';
import { parameterSpecs } from '../../dist/src/networks/parameters.js';
import { networkByArchitecture } from '../../dist/src/networks/registry.js';
import { randomStream } from '../../dist/src/random/random-stream.js';
import { startBackend } from '../../dist/src/training/device/backend.js';
import { fineTune } from '../../dist/src/training/fine-tune.js';
import { imagesInMemory } from '../../dist/src/training/examples/image-batches.js';
import { CACHE } from '../../scripts/setup/paths.mjs';
import { PLAIN_PROTOCOL } from '../protocol.mjs';
import { randomWeights } from '../random-weights.mjs';
import { CLASS_COUNT, IMAGE_COUNT, ROUND_COUNT } from './settings.mjs';
import { timedImages } from './waiting.mjs';

/** @type {import('./settings.mjs').Setting} */
const { imageSizePx, augmentation } = JSON.parse(process.argv[2] ?? '');
const SEED = 1;
const imageBytes = imageSizePx ** 2 * 3;

await startBackend();
const file = await PackedFile.open(writeImages(), imageSizePx, IMAGE_COUNT);
const labels = Int32Array.from({ length: IMAGE_COUNT }, (_, index) => index % CLASS_COUNT);
const { images, epochs } = timedImages([onThread(), inLoop()]);
const network = networkByArchitecture('efficientnet-lite0');
await fineTune(
  {
    ...PLAIN_PROTOCOL,
    network,
    pretrained: randomWeights(parameterSpecs(network, CLASS_COUNT)),
    classCount: CLASS_COUNT,
    train: images,
    validation: imagesInMemory(new Uint8Array(imageBytes), labels.subarray(0, 1), imageSizePx),
    lrMultipliers: network.blocks.map(() => 1),
    frozenBatchNorm: 'TRAIN',
    seed: SEED,
    headSeed: SEED,
    epochCount: 2 + 2 * ROUND_COUNT,
    patienceEpochs: Infinity,
  },
  { onEpoch: () => undefined },
);
// The first epoch of each way warms it up: tracing, compiling, and the start of the thread.
const measured = epochs.slice(2);
console.log(
  JSON.stringify({
    thread: measured.filter((_, index) => index % 2 === 0),
    loop: measured.filter((_, index) => index % 2 === 1),
  }),
);
await file.close();

/** As the trainer reads. */
function onThread() {
  const reader = new BatchReader();
  return { labels, sizePx: imageSizePx, read: (batches, epoch) => reader.read(file, batches, varied(epoch)) };
}

/** The same work between two steps. */
function inLoop() {
  const read = function* (batches, epoch) {
    for (const batch of batches) {
      const bytes = new Uint8Array(batch.length * imageBytes);
      fillBatch({ file, images: batch, varied: varied(epoch) }, bytes);
      yield bytes;
    }
  };
  return { labels, sizePx: imageSizePx, read };
}

function varied(epoch) {
  return augmentation === 'NONE' ? undefined : { augmentation, seed: SEED, epoch };
}

/** Noise: how long reading and training take does not depend on what there is to see. @returns its path. */
function writeImages() {
  const next = randomStream('bench/data');
  const path = join(CACHE, `bench-data-${imageSizePx}.u8`);
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(
    path,
    new Uint8Array(IMAGE_COUNT * imageBytes).map(() => 256 * next()),
  );
  return path;
}
