import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { checkImage } from '../images/check-image.js';
import { findCopies, LOOKALIKE_COUNT_MAX } from './find-copies.js';
import { ImageFacts } from './image-facts.js';

const folder = mkdtempSync(join(tmpdir(), 'copies-'));
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
async function copiesAmong(images: readonly Uint8Array[]) {
  const facts = new ImageFacts(images.length, join(folder, `thumbnails-${++fileCount}`));
  for (const [index, bytes] of images.entries()) {
    const checked = await checkImage({ key: String(index), sizeBytes: bytes.length }, bytes);
    if (checked instanceof Error) throw checked;
    facts.set(index, { ...checked.info, sha256: checked.sha256 });
  }
  const found = await findCopies(facts, () => Promise.resolve());
  facts.delete();
  return found;
}

/** A picture of some blobs of colour. */
function picture(key: string, widthPx = 200, heightPx = 150) {
  const draw = randomStream(key);
  const raw = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.floor(draw() * 256));
  return sharp(raw, { raw: { width: 8, height: 6, channels: 3 } }).resize(widthPx, heightPx, { fit: 'fill' });
}
const pictures = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => picture(`picture/${index}`).png().toBuffer()));

const groupCount = (groups: Uint32Array) => new Set(groups).size;

describe('findCopies', () => {
  it.each<[string, (image: Sharp) => Sharp]>([
    ['JPEG of quality 50', (image) => image.jpeg({ quality: 50 })],
    ['JPEG of quality 95', (image) => image.jpeg({ quality: 95 })],
    ['WebP', (image) => image.webp()],
    ['half the size', (image) => image.resize(100, 75).png()],
    ['twice the size', (image) => image.resize(400, 300).jpeg()],
    ['another orientation', (image) => image.rotate(90).withMetadata({ orientation: 8 }).jpeg()],
  ])('finds the copies of pictures: %s', async (_, make) => {
    const originals = await pictures(20);
    const copies = await Promise.all(originals.map((bytes) => make(sharp(bytes)).toBuffer()));
    const { groups } = await copiesAmong([...originals, ...copies]);
    expect([...groups]).toEqual([...originals.keys(), ...originals.keys()]);
  });

  it('takes no garment for a copy of another, and still finds those of good quality', async () => {
    const archive = unzipSync(
      readFileSync(join(import.meta.dirname, '../../../assets/fashion-small/fashion-small.zip')),
    );
    const garments = Object.entries(archive).flatMap(([path, bytes], place) =>
      path.endsWith('.png') && place % 6 === 0 ? [bytes] : [],
    );
    expect(garments.length).toBeGreaterThan(490);
    expect(groupCount((await copiesAmong(garments)).groups)).toBe(garments.length);
    const copies = await Promise.all(
      garments.slice(0, 100).map((bytes) => sharp(bytes).jpeg({ quality: 85 }).toBuffer()),
    );
    const { groups } = await copiesAmong([...garments, ...copies]);
    const foundCount = copies.filter((_, index) => groups[garments.length + index] === index).length;
    expect(foundCount).toBeGreaterThanOrEqual(95);
  });

  it('names each image one that it may be a copy of, where nobody could say', async () => {
    const [original = Buffer.alloc(0), other = Buffer.alloc(0)] = await pictures(2);
    const veil = await picture('veil').ensureAlpha(0.1).png().toBuffer();
    const veiled = await sharp(original)
      .composite([{ input: veil }])
      .png()
      .toBuffer();
    const { groups, doubts } = await copiesAmong([original, other, veiled]);
    expect([...groups]).toEqual([0, 1, 2]);
    expect([...doubts]).toEqual([2, 1, 0]);
  });

  it('groups plain images by equal pixels alone', async () => {
    const plain = (value: number) =>
      sharp({ create: { width: 90, height: 90, channels: 3, background: { r: value, g: value, b: value } } });
    const images = [plain(10).png(), plain(11).png(), plain(10).webp({ lossless: true })];
    const { groups } = await copiesAmong(await Promise.all(images.map((image) => image.toBuffer())));
    expect([...groups]).toEqual([0, 1, 0]);
  });

  it('does not believe groups of too many lookalikes, but equal bytes', async () => {
    const original = await picture('crowd').png().toBuffer();
    const crowd = Array.from({ length: LOOKALIKE_COUNT_MAX }, (_, index) =>
      sharp(original)
        .linear(1, index % 8)
        .withExif({ IFD0: { ImageDescription: String(index) } })
        .png()
        .toBuffer(),
    );
    const { groups, areCrowded } = await copiesAmong([original, original, ...(await Promise.all(crowd))]);
    expect(groupCount(groups)).toBe(LOOKALIKE_COUNT_MAX + 1);
    expect(groups[1]).toBe(0);
    expect(areCrowded.every((flag) => flag === 1)).toBe(true);
    const equal = await copiesAmong(Array<Buffer>(LOOKALIKE_COUNT_MAX + 1).fill(original));
    expect(groupCount(equal.groups)).toBe(1);
    expect(equal.areCrowded.some((flag) => flag === 1)).toBe(false);
  });
});
