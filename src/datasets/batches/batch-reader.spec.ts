import { fork, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compileFolders } from '../../../test/support/compile.js';
import type { BatchReader } from './batch-reader.js';
import { type EpochAugmentation, fillBatch } from './fill-batch.js';
import { PackedFile } from '../packs/packed-file.js';

const SIZE_PX = 6;
const IMAGE_BYTES = SIZE_PX * SIZE_PX * 3;
const IMAGE_COUNT = 23;
const FOLDERS = ['datasets', 'domain', 'random'];
/** A program that leaves a loop half read, and with it a generator that nobody returns. */
const ABANDONING = `
import { BatchReader } from './datasets/batches/batch-reader.js';
import { PackedFile } from './datasets/packs/packed-file.js';
const file = await PackedFile.open(process.argv[2], ${SIZE_PX}, ${IMAGE_COUNT});
const first = await new BatchReader().read(file, [Int32Array.of(3), Int32Array.of(4)]).next();
process.send(first.value);
process.disconnect();
`;

let compiled: string;
/** Compiled, because Node starts the thread, and Node reads no TypeScript. */
let Reader: typeof BatchReader;
let reader: BatchReader;
let folder: string;
let path: string;
let file: PackedFile;

const pixels = Uint8Array.from({ length: IMAGE_COUNT * IMAGE_BYTES }, (_, i) => (i * 7919) % 251);

beforeAll(async () => {
  compiled = compileFolders(...FOLDERS);
  writeFileSync(join(compiled, 'abandoning.js'), ABANDONING);
  ({ BatchReader: Reader } = (await import(join(compiled, 'datasets/batches/batch-reader.js'))) as {
    BatchReader: typeof BatchReader;
  });
  reader = new Reader();
});
afterAll(() => rmSync(compiled, { recursive: true }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'batch-reader-'));
  path = join(folder, 'train.u8');
  writeFileSync(path, pixels);
  file = await PackedFile.open(path, SIZE_PX, IMAGE_COUNT);
});
afterEach(async () => {
  await file.close();
  rmSync(folder, { recursive: true });
});

/** All batches of a loop, copied: the memory of a batch is used again. */
async function readAll(batches: readonly Int32Array[], varied?: EpochAugmentation): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  for await (const bytes of reader.read(file, batches, varied)) read.push(bytes.slice());
  return read;
}

const imageAt = (place: number) => pixels.subarray(place * IMAGE_BYTES, (place + 1) * IMAGE_BYTES);
const imagesAt = (places: Int32Array) => new Uint8Array(Buffer.concat([...places].map(imageAt)));

const bytesReadByProcess = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

describe('BatchReader', () => {
  it('gives the bytes of the file, batch by batch, whatever the order and the sizes', async () => {
    const batches = [[22, 0, 7], [1], [5, 5, 4, 3], [2, 9], [21], [20]].map((places) => Int32Array.from(places));
    expect(await readAll(batches)).toEqual(batches.map(imagesAt));
  });

  it('goes on in the file that follows', async () => {
    const read: Uint8Array[] = [];
    const joined = { fd: file.fd, path, sizePx: SIZE_PX, next: { start: 10, images: file } };
    for await (const bytes of reader.read(joined, [Int32Array.of(9, 10), Int32Array.of(32)])) read.push(bytes.slice());
    expect(read).toEqual([imagesAt(Int32Array.of(9, 0)), imagesAt(Int32Array.of(22))]);
  });

  it('gives nothing for no batches', async () => {
    expect(await readAll([])).toEqual([]);
  });

  it('augments as fillBatch does', async () => {
    const varied = { augmentation: 'STANDARD', seed: 7, epoch: 3 } as const;
    const images = Int32Array.of(4, 17, 0);
    const expected = new Uint8Array(images.length * IMAGE_BYTES);
    fillBatch({ file, images, varied }, expected);
    expect(await readAll([images], varied)).toEqual([expected]);
  });

  it('prepares two batches while the main thread blocks', async () => {
    const batches = [0, 1, 2, 3].map((place) => Int32Array.of(place));
    const loop = reader.read(file, batches);
    await loop.next();
    // The thread has all it needs for two batches; what it reads after this is seen to be later.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    writeFileSync(path, new Uint8Array(pixels.length).fill(255));
    const rest: Uint8Array[] = [];
    for await (const bytes of loop) rest.push(bytes.slice());
    expect(rest).toEqual([imageAt(1), imageAt(2), new Uint8Array(IMAGE_BYTES).fill(255)]);
  });

  it('serves several loops at once, in whatever order they go on', async () => {
    const batches = [0, 1, 2, 3, 4].map((place) => Int32Array.of(place));
    const [one, other] = [reader.read(file, batches), reader.read(file, batches.toReversed())];
    for (const place of [0, 1, 2, 3, 4]) {
      expect((await one.next()).value).toEqual(imageAt(place));
      expect((await other.next()).value).toEqual(imageAt(4 - place));
    }
  });

  it('names the file that ends too early, when the loop comes there, and goes on with the next loop', async () => {
    truncateSync(path, 10 * IMAGE_BYTES + 1);
    const loop = reader.read(file, [Int32Array.of(9), Int32Array.of(10)]);
    expect((await loop.next()).value).toEqual(imageAt(9));
    await expect(loop.next()).rejects.toMatchObject({
      reason: 'ARTIFACT_CORRUPT',
      message: `${path} ends ${IMAGE_BYTES - 1} bytes before ${11 * IMAGE_BYTES}; delete it`,
    });
    expect(await readAll([Int32Array.of(1)])).toEqual([imageAt(1)]);
  });

  it('names the file that cannot be read', async () => {
    const fd = openSync(folder, 'r');
    const loop = reader.read({ fd, path: folder, sizePx: SIZE_PX }, [Int32Array.of(0)]);
    await expect(loop.next()).rejects.toThrow(`${folder} cannot be read: EISDIR`);
    closeSync(fd);
  });

  it('reads no more than was requested when the loop is left', async () => {
    const all = Int32Array.from({ length: IMAGE_COUNT }, (_, place) => place);
    const batches = Array.from({ length: 1000 }, () => all);
    const startBytes = bytesReadByProcess();
    for await (const bytes of reader.read(file, batches)) {
      expect(bytes).toEqual(pixels);
      break;
    }
    expect(await readAll([Int32Array.of(2)])).toEqual([imageAt(2)]);
    expect(bytesReadByProcess() - startBytes).toBeLessThan(100 * pixels.length);
  });

  it('says so when the thread cannot start, and tries again with the next loop', async () => {
    const broken = compileFolders(...FOLDERS);
    try {
      rmSync(join(broken, 'datasets/batches/batch-thread.js'));
      const module = (await import(join(broken, 'datasets/batches/batch-reader.js'))) as {
        BatchReader: typeof BatchReader;
      };
      const threadless = new module.BatchReader();
      const failure = {
        message: 'the thread that prepares batches ended',
        cause: { message: expect.stringContaining('batch-thread.js') },
      };
      await expect(threadless.read(file, [Int32Array.of(0)]).next()).rejects.toMatchObject(failure);
      await expect(threadless.read(file, [Int32Array.of(0)]).next()).rejects.toMatchObject(failure);
    } finally {
      rmSync(broken, { recursive: true });
    }
  });

  it('keeps no process alive, not even with a loop that was forgotten', async () => {
    const options: ForkOptions = { execArgv: [], serialization: 'advanced' };
    const program = fork(join(compiled, 'abandoning.js'), [path], options);
    const [first] = await once(program, 'message');
    expect(first).toEqual(new Uint8Array(imageAt(3)));
    expect(await once(program, 'exit')).toEqual([0, null]);
  });
});
