import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeImage } from './image-decoder.js';
import { resizeAndCenterCrop } from './preprocess.js';
import { resizeAndCrop } from './resize.js';

const ROOT = join(import.meta.dirname, '../../..');

const squareSchema = z.object({
  sizePx: z.number(),
  sha256: z.string(),
  samples: z.array(z.tuple([z.number(), z.number()])),
});
/** Made by test/fixtures/resize/make.py. */
const expectedSchema = z.object({
  cases: z.array(squareSchema.extend({ image: z.string() })),
  mosaics: z.array(squareSchema.extend({ widthPx: z.number(), heightPx: z.number() })),
});
const { cases, mosaics } = expectedSchema.parse(
  JSON.parse(readFileSync(join(ROOT, 'test/fixtures/resize/expected.json'), 'utf8')),
);

/** A window of the photographs in assets, side by side, as make.py puts them together. */
async function mosaic(widthPx: number, heightPx: number): Promise<Buffer> {
  const folder = join(ROOT, 'assets/efficientnet-lite0');
  const names = readdirSync(folder).filter((name) => name.endsWith('.png'));
  const tiles = Array.from({ length: 12 }, (_, index) => ({
    input: readFileSync(join(folder, names.sort()[index % 6] ?? '')),
    left: (index % 3) * 224,
    top: Math.floor(index / 3) * 224,
  }));
  const whole = sharp({ create: { width: 672, height: 896, channels: 3, background: '#000' } }).composite(tiles);
  return sharp(await whole.png().toBuffer())
    .extract({ left: 31, top: 17, width: widthPx, height: heightPx })
    .png()
    .toBuffer();
}

describe('preprocessing against Pillow', () => {
  it('has every reference image at every size', () => {
    expect([cases.length, mosaics.length]).toEqual([60, 48]);
  });

  it.each(mosaics)(
    'gives the pixels of Pillow for photographs of $widthPx x $heightPx at $sizePx px',
    async ({ widthPx, heightPx, sizePx, sha256, samples }) => {
      const pixels = await decodeImage(await mosaic(widthPx, heightPx), sizePx);
      expect(samples.map(([place]) => [place, pixels[place]])).toEqual(samples);
      expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
    },
  );

  it.each(cases)('gives the pixels of Pillow for $image at $sizePx px', async ({ image, sizePx, sha256, samples }) => {
    const pixels = await decodeImage(readFileSync(join(ROOT, image)), sizePx);
    expect(samples.map(([place]) => [place, pixels[place]])).toEqual(samples);
    expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
  });
});

describe('resizeAndCrop', () => {
  it('leaves an image of the requested size as it is', () => {
    const pixels = Uint8Array.from({ length: 10 * 10 * 3 }, (_, i) => (i * 37) % 256);
    const whole = { leftPx: 0, topPx: 0, sizePx: 10 };
    expect(resizeAndCrop({ pixels, widthPx: 10, heightPx: 10 }, 10, 10, whole)).toEqual(pixels);
  });

  it('cuts the same pixels that the whole resized image has there', () => {
    const pixels = Uint8Array.from({ length: 23 * 17 * 3 }, (_, i) => (i * 101) % 256);
    const image = { pixels, widthPx: 23, heightPx: 17 };
    const whole = resizeAndCrop(image, 40, 40, { leftPx: 0, topPx: 0, sizePx: 40 });
    const cut = resizeAndCrop(image, 40, 40, { leftPx: 5, topPx: 9, sizePx: 20 });
    for (let y = 0; y < 20; y++) {
      const start = ((y + 9) * 40 + 5) * 3;
      expect(cut.subarray(y * 60, (y + 1) * 60)).toEqual(whole.subarray(start, start + 60));
    }
  });

  it('does not overflow on white', () => {
    const pixels = new Uint8Array(997 * 31 * 3).fill(255);
    const small = resizeAndCenterCrop({ pixels, widthPx: 997, heightPx: 31 }, 64);
    expect(small.every((value) => value === 255)).toBe(true);
  });

  it('differs from the kernels of sharp, which is why it exists', async () => {
    const png = readFileSync(join(ROOT, 'assets/efficientnet-lite0/chelsea-224.png'));
    const { data } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    const ours = resizeAndCrop({ pixels: data, widthPx: 224, heightPx: 224 }, 64, 64, {
      leftPx: 0,
      topPx: 0,
      sizePx: 64,
    });
    const theirs = await sharp(png).resize(64, 64, { kernel: 'linear' }).raw().toBuffer();
    expect(ours.some((value, i) => Math.abs(value - (theirs[i] ?? 0)) > 1)).toBe(true);
  });
});
