import { createHash, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitConfigSchema } from '../../domain/dataset/dataset.js';
import type { Artifact } from '../../domain/artifact.js';
import { importResultSchema } from '../../domain/task.js';
import { randomStream } from '../../random/random-stream.js';
import { OBJECT_SIZE_BYTES_MAX } from './classed-images.js';
import { importDataset, type ImportSetting } from './import-dataset.js';
import type { ImportProgress, ImportSource } from './import-source.js';
import { readManifest } from '../manifest.js';
import type { SourceObject } from './sorted-objects.js';

const spec = { prefix: 'pets', split: splitConfigSchema.parse({}) };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A picture of its own for each `index`: coarse noise. */
function picture(index: number) {
  const draw = randomStream(`picture/${index}`);
  const raw = Uint8Array.from({ length: 6 * 5 * 3 }, () => Math.floor(draw() * 256));
  return sharp(raw, { raw: { width: 6, height: 5, channels: 3 } }).resize(192, 160, { kernel: 'cubic' });
}
const png = (index: number): Promise<Buffer> => picture(index).png().toBuffer();

/** Two classes with 10 images each, all different. */
const good = new Map<string, Buffer>();
beforeAll(async () => {
  for (let i = 0; i < 10; i++) {
    good.set(`pets/cat/${i}.png`, await png(i));
    good.set(`pets/dog/${i}.png`, await png(1000 + i));
  }
});

function sourceOf(objects: ReadonlyMap<string, Uint8Array>, order: 'as given' | 'shuffled' = 'as given') {
  const listed = [...objects].map(([key, bytes]) => ({ key, etag: `"${sha256(bytes)}"`, sizeBytes: bytes.length }));
  if (order === 'shuffled') listed.sort(() => randomInt(2) - 0.5);
  let running = 0;
  const seen = { runningMax: 0, fetched: 0 };
  const source: ImportSource = {
    async *list() {
      yield* listed;
    },
    async fetch({ key }: SourceObject) {
      seen.runningMax = Math.max(seen.runningMax, ++running);
      if (order === 'shuffled') await sleep(randomInt(10));
      running -= 1;
      seen.fetched += 1;
      return objects.get(key) ?? new Uint8Array(0);
    },
  };
  return { source, seen };
}

/** Keeps what is stored, by SHA-256. */
class MemorySink {
  readonly stored = new Map<string, Uint8Array>();

  put(bytes: Uint8Array): Promise<Artifact> {
    this.stored.set(sha256(bytes), Uint8Array.from(bytes));
    return Promise.resolve({ sha256: sha256(bytes), sizeBytes: bytes.length });
  }

  async putFile(path: string): Promise<Artifact> {
    return this.put(await readFile(path));
  }

  bytes(key: string): Uint8Array {
    const bytes = this.stored.get(key);
    if (bytes === undefined) throw new Error(`nothing stored as ${key}`);
    return bytes;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'import-'));
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
function importFrom(source: ImportSource, sink: MemorySink, rest: Partial<ImportSetting> = {}) {
  const temporaryPath = (name: string) => join(folder, `${name}-${++fileCount}`);
  return importDataset(spec, { source, sink, temporaryPath, onProgress: () => undefined, ...rest });
}

async function run(objects: ReadonlyMap<string, Uint8Array>, order?: 'as given' | 'shuffled', shardBytes?: number) {
  const sink = new MemorySink();
  const { source, seen } = sourceOf(objects, order);
  const result = await importFrom(source, sink, shardBytes === undefined ? {} : { shardSizeBytesMax: shardBytes });
  return { result, sink, seen, records: readManifest(sink.bytes(result.manifest.sha256)) };
}

describe('importDataset', () => {
  it('gives a result of the domain: classes in order, counts, sizes, no issues', async () => {
    const { result } = await run(good);
    expect(importResultSchema.parse(result)).toEqual(result);
    const imageCount = { train: 7, validation: 2, test: 1 };
    expect(result).toMatchObject({
      imageCount: 20,
      sizeBytes: [...good.values()].reduce((sum, { length }) => sum + length, 0),
      issues: [],
      classes: [
        { label: 'cat', index: 0, imageCount },
        { label: 'dog', index: 1, imageCount },
      ],
    });
    expect(result.shards.map(({ split, imageCount: count }) => [split, count])).toEqual([
      ['train', 14],
      ['validation', 4],
      ['test', 2],
    ]);
  });

  it('places every image where the manifest says', async () => {
    const { records, sink } = await run(good, 'as given', 200_000);
    expect(records).toHaveLength(20);
    for (const { key, shard, offset, sizeBytes, sha256: digest } of records) {
      const bytes = sink.bytes(shard).subarray(offset, offset + sizeBytes);
      expect(Buffer.from(bytes).equals(good.get(key) ?? Buffer.alloc(0))).toBe(true);
      expect(sha256(bytes)).toBe(digest);
    }
  });

  it('keeps shards below the bound and of one split', async () => {
    const { result, records } = await run(good, 'as given', 200_000);
    expect(result.shards.length).toBeGreaterThan(3);
    for (const shard of result.shards) {
      expect(shard.sizeBytes).toBeLessThanOrEqual(200_000);
      const splits = records.filter((record) => record.shard === shard.sha256).map(({ split }) => split);
      expect(new Set(splits)).toEqual(new Set([shard.split]));
    }
  });

  it('gives equal bytes whatever is listed or fetched first', async () => {
    const first = await run(good, 'as given', 200_000);
    for (let i = 0; i < 3; i++) {
      const again = await run(good, 'shuffled', 200_000);
      expect(again.result).toEqual(first.result);
    }
  });

  it('fetches at most 16 objects at a time and reports each', async () => {
    const { source, seen } = sourceOf(good, 'shuffled');
    const progress: ImportProgress[] = [];
    await importFrom(source, new MemorySink(), { onProgress: (step) => progress.push(step) });
    expect(seen.runningMax).toBe(16);
    const done = (stage: ImportProgress['stage']) =>
      new Set(progress.filter((step) => step.stage === stage).map(({ imagesDone }) => imagesDone));
    expect([...done('CHECKING')]).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect([...done('PACKING')]).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('refuses a truncated image, naming its key', async () => {
    const cut = new Map(good).set('pets/cat/3.png', (await png(3)).subarray(0, 60));
    await expect(run(cut)).rejects.toMatchObject({
      reason: 'IMAGE_UNREADABLE',
      message: expect.stringContaining('1 of 20 images cannot be used: pets/cat/3.png is not a complete JPEG'),
      metadata: { key: 'pets/cat/3.png', badImageCount: '1' },
    });
  });

  it('checks all images before it names the bad ones, and stores nothing after the first', async () => {
    const bad = new Map<string, Uint8Array>(good);
    for (const key of ['pets/cat/1.png', 'pets/dog/2.png', 'pets/dog/9.png'])
      bad.set(key, Buffer.from('<html></html>'));
    const { source, seen } = sourceOf(bad);
    const sink = new MemorySink();
    const error: unknown = await importFrom(source, sink).catch((e: unknown) => e);
    for (const key of ['cat/1', 'dog/2', 'dog/9'])
      expect(error).toHaveProperty('message', expect.stringContaining(key));
    expect(seen.fetched).toBe(20);
    expect(sink.stored.size).toBe(0);
  });

  it('stops after 100 bad images and names 20', async () => {
    const bad = new Map<string, Uint8Array>();
    for (let i = 0; i < 400; i++) bad.set(`pets/${i % 2}/${i}.png`, Buffer.from('no image'));
    const { source, seen } = sourceOf(bad);
    const error = await importFrom(source, new MemorySink()).catch((e: unknown) => e);
    expect(error).toMatchObject({ metadata: { badImageCount: '101' }, message: /^at least 101 of 400/ });
    expect(String(error).match(/pets\//g)).toHaveLength(20);
    expect(seen.fetched).toBeLessThan(130);
  });

  it('refuses an image below 8 px as too small', async () => {
    const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const error = { reason: 'IMAGE_TOO_SMALL', message: expect.stringContaining('pets/dog/0.png is 1x1 px') };
    await expect(run(new Map(good).set('pets/dog/0.png', dot))).rejects.toMatchObject(error);
  });

  it('refuses an object above 30 MB before it fetches anything', async () => {
    const { source, seen } = sourceOf(good);
    const large: ImportSource = {
      ...source,
      async *list() {
        for await (const object of source.list()) {
          yield object.key === 'pets/cat/0.png' ? { ...object, sizeBytes: OBJECT_SIZE_BYTES_MAX + 1 } : object;
        }
      },
    };
    const failed = importFrom(large, new MemorySink());
    await expect(failed).rejects.toMatchObject({
      reason: 'DATASET_INVALID',
      message: expect.stringContaining('pets/cat/0.png'),
    });
    expect(seen.fetched).toBe(0);
  });

  it('refuses an object whose length is not the listed one', async () => {
    const { source } = sourceOf(good);
    const changed: ImportSource = {
      ...source,
      fetch: async (object, ahead) => (await source.fetch(object, ahead)).subarray(1),
    };
    const failed = importFrom(changed, new MemorySink());
    await expect(failed).rejects.toMatchObject({ reason: 'DATASET_CHANGED' });
  });

  it('refuses a class with 4 images', async () => {
    const few = new Map([...good].filter(([key]) => !/cat\/[4-9]/.test(key)));
    await expect(run(few)).rejects.toMatchObject({ reason: 'TOO_FEW_IMAGES_PER_CLASS', metadata: { class: 'cat' } });
  });

  it('keeps copies in one split, be they equal, re-encoded or resized, and says so', async () => {
    const objects = new Map<string, Buffer>();
    for (let i = 0; i < 30; i++) {
      const label = i % 2 === 0 ? 'cat' : 'dog';
      objects.set(`pets/${label}/${i}-original.png`, await png(i));
      objects.set(`pets/${label}/${i}-equal.png`, await png(i));
      objects.set(`pets/${label}/${i}-jpeg.jpg`, await picture(i).jpeg({ quality: 60 }).toBuffer());
      const half = await sharp(await png(i))
        .resize(96, 80)
        .webp()
        .toBuffer();
      objects.set(`pets/${label}/${i}-half.webp`, half);
    }
    for (let i = 100; i < 120; i++) objects.set(`pets/${i % 2 === 0 ? 'cat' : 'dog'}/${i}.png`, await png(i));
    const { records, result } = await run(objects);
    for (let i = 0; i < 30; i++) {
      const splits = records.filter(({ key }) => key.includes(`/${i}-`)).map(({ split }) => split);
      expect(splits).toHaveLength(4);
      expect(new Set(splits).size).toBe(1);
    }
    expect(result.issues).toMatchObject([{ code: 'COPIES', severity: 'WARN', count: 120 }]);
    for (const { imageCount } of result.classes) {
      expect(Math.abs(imageCount.train - 49)).toBeLessThanOrEqual(4);
      expect(imageCount.train + imageCount.validation + imageCount.test).toBe(70);
      expect(Math.min(imageCount.validation, imageCount.test)).toBeGreaterThan(5);
    }
  });

  it('says that copies are in two classes', async () => {
    const copied = new Map(good).set('pets/dog/x.png', good.get('pets/cat/1.png') ?? Buffer.alloc(0));
    const { result, records } = await run(copied);
    const keys = ['pets/cat/1.png', 'pets/dog/x.png'];
    expect(result.issues).toMatchObject([
      { code: 'COPIES', samples: keys },
      { code: 'LABEL_CONFLICT', samples: keys },
    ]);
    expect(new Set(records.filter(({ key }) => keys.includes(key)).map(({ split }) => split)).size).toBe(1);
  });

  it('does not take plain images of other colours for copies, and says that there is nothing to see', async () => {
    const plain = new Map<string, Buffer>();
    for (let i = 0; i < 20; i++) {
      const background = { r: 100 + i, g: 50, b: 7 };
      const image = sharp({ create: { width: 12, height: 10, channels: 3, background } });
      plain.set(`pets/${i % 2 === 0 ? 'cat' : 'dog'}/${i}.png`, await image.png().toBuffer());
    }
    expect((await run(plain)).result.issues).toMatchObject([{ code: 'NOTHING_TO_COMPARE', count: 20 }]);
  });

  it('refuses an image that became another between checking and packing', async () => {
    const { source } = sourceOf(good);
    const other = await png(500);
    let fetchCount = 0;
    const changed: ImportSource = {
      ...source,
      fetch: async (object, ahead) => (++fetchCount > 20 ? other : source.fetch(object, ahead)),
    };
    await expect(importFrom(changed, new MemorySink())).rejects.toMatchObject({ reason: 'DATASET_CHANGED' });
  });

  it('leaves no file behind, also after a failure', async () => {
    await run(good);
    await expect(run(new Map(good).set('pets/cat/3.png', Buffer.from('no image')))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reports what a wrong extension hides', async () => {
    const { result } = await run(new Map(good).set('pets/cat/x.jpg', await png(77)));
    expect(result.issues).toMatchObject([{ code: 'EXTENSION_MISMATCH', samples: ['pets/cat/x.jpg'] }]);
  });

  it('reports what is unusual in an image', async () => {
    const rotated = await picture(55).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { result, records } = await run(new Map(good).set('pets/cat/5.jpg', rotated));
    expect(result.issues).toMatchObject([{ code: 'ROTATED', count: 1, samples: ['pets/cat/5.jpg'] }]);
    expect(records.find(({ key }) => key === 'pets/cat/5.jpg')).toMatchObject({
      widthPx: 160,
      heightPx: 192,
      format: 'jpeg',
    });
  });
});
