import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differingTensors, leftovers, numbersOf, train } from '../../../test/fixtures/training.js';
import { PrefixCache } from '../../training/examples/prefix-cache.js';
import type { RecordStore } from '../../training/examples/record-store.js';
import { TracedFunctions } from '../../training/graph/traced-functions.js';
import { SharedHeads } from '../../training/loop/shared-heads.js';
import { featureFileIn } from './feature-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'biotune-features-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function readAll(store: RecordStore, batches: readonly Int32Array[]): Promise<number[][]> {
  const found: number[][] = [];
  for await (const values of store.read(batches)) found.push([...values]);
  return found;
}

describe('featureFileIn', () => {
  it('gives records back in any order, and twice', async () => {
    const store = featureFileIn(join(folder, 'new'))(2, 3);
    await store.append(Float32Array.of(0, 1, 2, 3));
    await store.append(new Float32Array(Float32Array.of(9, 4, 5).buffer, 4));
    const batches = [Int32Array.of(2, 0, 2), Int32Array.of(1)];
    const expected = [
      [4, 5, 0, 1, 4, 5],
      [2, 3],
    ];
    expect(await readAll(store, batches)).toEqual(expected);
    expect(await readAll(store, batches)).toEqual(expected);
    expect(await readAll(store, [])).toEqual([]);
    store.dispose();
  });

  it('leaves no name in the folder, so that nothing outlives the process', async () => {
    const store = featureFileIn(folder)(2, 3);
    await store.append(Float32Array.of(0, 1));
    expect(await readdir(folder)).toEqual([]);
    store.dispose();
  });

  it('says so when a record is not there', async () => {
    const store = featureFileIn(folder)(2, 3);
    await store.append(Float32Array.of(0, 1));
    await expect(readAll(store, [Int32Array.of(0), Int32Array.of(1)])).rejects.toThrow('ends 8 bytes before');
    store.dispose();
  });
});

it.each([
  ['1 block', { lrMultipliers: [0, 1, 1] }],
  ['2 blocks', { lrMultipliers: [0, 0, 1] }],
  ['all but the classifier', { technique: { type: 'LINEAR_PROBE' as const } }],
])('a training on features of %s from a file has the bits of one from memory', async (_, changes) => {
  const before = leftovers();
  const spill = { open: featureFileIn(folder), bytesMax: 2 ** 20 };
  const shared = {
    functions: new TracedFunctions(),
    cache: new PrefixCache({ memoryBytesMax: 0, spill }),
    heads: new SharedHeads(),
  };
  const spilled = await train(changes, { shared });
  expect(shared.cache.bytes.spill).toBeGreaterThan(0);
  shared.cache.dispose();
  shared.functions.dispose();
  const inMemory = await train(changes);
  expect(spilled.epochs.map(numbersOf)).toEqual(inMemory.epochs.map(numbersOf));
  expect(differingTensors(spilled.weights, inMemory.weights)).toEqual([]);
  expect(leftovers()).toEqual(before);
});
