import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { differingTensors, leftovers, train } from '../../../test/fixtures/training.js';
import { classifier, conv, globalMeanPool, relu } from '../../networks/layer-builders.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { parameterSpecs } from '../../networks/parameters.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { imagesInMemory } from '../examples/image-batches.js';

const MIB = 1024 ** 2;

/** How much address space this process may have; TensorFlow then fails to allocate as on a full machine. */
function limitMemory(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${bytes}:unlimited`]);
}

/** Leaves so many bytes beside what the process has already. */
function leaveMemory(bytes: number): void {
  const [, kib = NaN] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  limitMemory(Number(kib) * 1024 + bytes);
}

afterEach(() => limitMemory('unlimited'));

const SIZE_PX = 32;
const CHANNEL_COUNT = 4096;
/** 16 MiB of activations an example, twice: before and after the ReLU. */
const wideNetwork: NetworkDefinition = {
  architecture: 'wide',
  inputSizePxMin: 8,
  blocks: [
    {
      id: 'all',
      displayName: 'All',
      layers: [conv('wide', 3, CHANNEL_COUNT), relu, globalMeanPool, classifier('fc', CHANNEL_COUNT)],
    },
  ],
};
const labels = Int32Array.from({ length: 32 }, (_, index) => index % 3);
const pixels = new Uint8Array(32 * SIZE_PX * SIZE_PX * 3).map((_, index) => (index * 37) % 251);
const wide: Partial<FineTuneOptions> = {
  network: wideNetwork,
  pretrained: goldenWeights(parameterSpecs(wideNetwork, 3)),
  train: imagesInMemory(pixels, labels, SIZE_PX),
  validation: imagesInMemory(pixels.subarray(0, 3 * SIZE_PX * SIZE_PX * 3), labels.subarray(0, 3), SIZE_PX),
  lrMultipliers: [1],
  epochCount: 1,
  batchSize: 32,
};

// TensorFlow waits ten seconds for memory before it gives up, each time.
it('a training that really runs out of memory goes on with fewer examples at a time, as one that requested them', async () => {
  // What a small step needs is then there already, whatever the limit.
  await train({ ...wide, microBatchSize: 2 });
  const before = leftovers();
  leaveMemory(512 * MIB);
  const found = await train(wide);
  limitMemory('unlimited');
  expect(found.microBatchSize).toBeLessThan(32);
  const expected = await train({ ...wide, microBatchSize: found.microBatchSize });
  expect(expected.microBatchSize).toBe(found.microBatchSize);
  expect(differingTensors(found.weights, expected.weights)).toEqual([]);
  expect(leftovers()).toEqual(before);
});
