import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EpochAugmentation, fillBatch } from './fill-batch.js';
import type { OpenImages } from '../packs/packed-file.js';

const SIZE_PX = 12;
const IMAGE_BYTES = SIZE_PX * SIZE_PX * 3;
const pixels = Uint8Array.from({ length: 20 * IMAGE_BYTES }, (_, i) => (i * 7919) % 251);
const standard: EpochAugmentation = { augmentation: 'STANDARD', seed: 3, epoch: 1 };

let folder: string;
let file: OpenImages;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fill-batch-'));
  const path = join(folder, 'train.u8');
  writeFileSync(path, pixels);
  file = { fd: openSync(path, 'r'), path, sizePx: SIZE_PX };
});
afterAll(() => {
  closeSync(file.fd);
  rmSync(folder, { recursive: true });
});

function filled(images: number[], varied?: EpochAugmentation): Uint8Array {
  const target = new Uint8Array(images.length * IMAGE_BYTES);
  fillBatch({ file, images: Int32Array.from(images), varied }, target);
  return target;
}

const fileBytes = (image: number) => pixels.subarray(image * IMAGE_BYTES, (image + 1) * IMAGE_BYTES);
const part = (batch: Uint8Array, position: number) =>
  batch.subarray(position * IMAGE_BYTES, (position + 1) * IMAGE_BYTES);

describe('fillBatch', () => {
  it('goes on in the file that follows', () => {
    const next = { start: 5, images: file };
    const target = new Uint8Array(4 * IMAGE_BYTES);
    fillBatch({ file: { ...file, next }, images: Int32Array.of(4, 5, 24, 0) }, target);
    expect(target).toEqual(new Uint8Array(Buffer.concat([fileBytes(4), fileBytes(0), fileBytes(19), fileBytes(0)])));
  });

  it('gives the bytes of the file without an augmentation', () => {
    expect(filled([19, 0])).toEqual(new Uint8Array(Buffer.concat([fileBytes(19), fileBytes(0)])));
  });

  it.each(['LIGHT', 'STANDARD'] as const)('varies an image alike in any batch, at any place: %s', (augmentation) => {
    const varied = { ...standard, augmentation };
    const batch = filled([4, 9, 17], varied);
    const other = filled([17, 2, 3, 9], varied);
    expect(part(batch, 1)).toEqual(part(other, 3));
    expect(part(batch, 2)).toEqual(part(other, 0));
    expect(part(batch, 0)).not.toEqual(fileBytes(4));
  });

  it.each([
    ['epochs', { ...standard, epoch: 2 }],
    ['seeds', { ...standard, seed: 4 }],
    ['augmentations', { ...standard, augmentation: 'LIGHT' }],
  ] as const)('varies an image otherwise in other %s', (_what, varied) => {
    expect(filled([4], varied)).not.toEqual(filled([4], standard));
  });

  it('varies equal images by draws of their own', () => {
    const path = join(folder, 'equal.u8');
    writeFileSync(path, Buffer.concat([fileBytes(0), fileBytes(0)]));
    const fd = openSync(path, 'r');
    const target = new Uint8Array(2 * IMAGE_BYTES);
    fillBatch({ file: { fd, path, sizePx: SIZE_PX }, images: Int32Array.of(0, 1), varied: standard }, target);
    closeSync(fd);
    expect(part(target, 0)).not.toEqual(part(target, 1));
  });

  it('leaves what is behind the batch in a larger buffer alone', () => {
    const target = new Uint8Array(2 * IMAGE_BYTES).fill(7);
    fillBatch({ file, images: Int32Array.of(5) }, target);
    expect(part(target, 1)).toEqual(new Uint8Array(IMAGE_BYTES).fill(7));
  });
});
