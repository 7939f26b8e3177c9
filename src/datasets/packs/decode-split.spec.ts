import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSplit } from './decode-split.js';
import { decodeImage } from '../images/image-decoder.js';
import type { ImageRecord } from '../manifest.js';

const ASSETS = join(import.meta.dirname, '../../../assets/efficientnet-lite0');
const NAMES = ['astronaut', 'chelsea', 'china', 'coffee', 'flower', 'rocket'];
const SIZE_PX = 32;

let folder: string;
let images: Buffer[];
let records: ImageRecord[];

/** Six photographs in two shards, as an import packs them. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decode-split-'));
  images = await Promise.all(NAMES.map((name) => readFile(join(ASSETS, `${name}-224.png`))));
  records = [];
  for (const part of [images.slice(0, 4), images.slice(4)]) {
    const bytes = Buffer.concat(part);
    const shard = sha256(bytes);
    await writeFile(join(folder, shard), bytes);
    let offset = 0;
    for (const image of part) {
      records.push(recordOf(image, records.length, shard, offset));
      offset += image.length;
    }
  }
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function recordOf(image: Buffer, index: number, shard: string, offset: number): ImageRecord {
  const size = { sizeBytes: image.length, widthPx: 224, heightPx: 224, format: 'png' as const };
  const key = `photos/${NAMES[index]}.png`;
  const place = { split: 'train' as const, label: `c${index % 3}`, classIndex: index % 3, shard, offset };
  return { key, etag: '"e"', sha256: sha256(image), ...size, ...place };
}

function decode(onProgress: (progress: { imagesDone: number }) => void = () => undefined) {
  const outputPath = join(folder, 'train.u8');
  const shardPath = (shard: string) => join(folder, shard);
  return decodeSplit({ records, shardPath, sizePx: SIZE_PX, outputPath, onProgress });
}

const remains = async () => (await readdir(folder)).filter((name) => name.startsWith('train'));

describe('decodeSplit', () => {
  it('puts each image at the place of its record', async () => {
    const progress: number[] = [];
    await decode(({ imagesDone }) => progress.push(imagesDone));
    const pixels = new Uint8Array(await readFile(join(folder, 'train.u8')));
    expect(pixels).toHaveLength(images.length * SIZE_PX * SIZE_PX * 3);
    const imageBytes = SIZE_PX * SIZE_PX * 3;
    for (const [i, image] of images.entries()) {
      const expected = await decodeImage(image, SIZE_PX);
      expect(pixels.subarray(i * imageBytes, (i + 1) * imageBytes)).toEqual(expected);
    }
    expect(progress).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await remains()).toEqual(['train.u8']);
  });

  it('refuses one flipped bit in a shard, name the image, and leave no file', async () => {
    const [, , { shard, offset } = { shard: '', offset: 0 }] = records;
    const bytes = await readFile(join(folder, shard));
    bytes[offset + 1000] = (bytes[offset + 1000] ?? 0) ^ 1;
    await writeFile(join(folder, shard), bytes);
    await expect(decode()).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT', metadata: { key: 'photos/china.png' } });
    expect(await remains()).toEqual([]);
  });

  it('refuse a shard that ends too early', async () => {
    const shard = records.at(-1)?.shard ?? '';
    await truncate(join(folder, shard), 1000);
    await expect(decode()).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
  });

  it('name the image that does not decode although its hash is right', async () => {
    const html = Buffer.from('<html></html>');
    const shard = sha256(html);
    await writeFile(join(folder, shard), html);
    records = [recordOf(html, 3, shard, 0)];
    const error = {
      reason: 'IMAGE_UNREADABLE',
      message: expect.stringContaining('photos/coffee.png is not'),
      metadata: { key: 'photos/coffee.png' },
    };
    await expect(decode()).rejects.toMatchObject(error);
  });
});
