import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { augmentImage, enlargedWindow, mirror } from './augment-image.js';
import { jitterColours } from './colour-jitter.js';

const ROOT = join(import.meta.dirname, '../../..');
const SIZE_PX = 224;

/** Made by test/fixtures/augmentation/make.py. */
const expectedSchema = z.object({
  image: z.string(),
  mirrored: z.string(),
  windows: z.array(
    z.object({
      window: z.object({ leftPx: z.int(), topPx: z.int(), widthPx: z.int(), heightPx: z.int() }),
      sha256: z.string(),
    }),
  ),
  colours: z.array(
    z.object({
      factors: z.object({ brightness: z.number(), contrast: z.number(), saturation: z.number() }),
      sha256: z.string(),
    }),
  ),
});
const expected = expectedSchema.parse(
  JSON.parse(readFileSync(join(ROOT, 'test/fixtures/augmentation/expected.json'), 'utf8')),
);
const coffee = new Uint8Array(
  await sharp(readFileSync(join(ROOT, expected.image)))
    .removeAlpha()
    .raw()
    .toBuffer(),
);

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A stream that replays the given draws and fails when they run out. */
const scripted = (...draws: number[]) => {
  return () => {
    const draw = draws.shift();
    if (draw === undefined) throw new Error('more draws than scripted');
    return draw;
  };
};

/** Grey pixels, row by row, as RGB. */
const greys = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]));

describe('against Pillow', () => {
  it.each(expected.windows)('enlarges $window.widthPx x $window.heightPx', ({ window, sha256: digest }) => {
    expect(sha256(enlargedWindow(coffee, SIZE_PX, window))).toBe(digest);
  });

  it('mirrors', () => {
    const pixels = coffee.slice();
    mirror(pixels, SIZE_PX);
    expect(sha256(pixels)).toBe(expected.mirrored);
  });

  it.each(expected.colours)(
    'changes colours by $factors.brightness, $factors.contrast, $factors.saturation',
    ({ factors, sha256: digest }) => {
      const pixels = coffee.slice();
      jitterColours(pixels, factors);
      expect(sha256(pixels)).toBe(digest);
    },
  );
});

describe('augmentImage', () => {
  it('leaves the pixels that it was given alone', () => {
    const before = sha256(coffee);
    augmentImage(coffee, SIZE_PX, 'STANDARD', scripted(0.1, 0.2, 0.3, 0.4, 0.1, 0.9, 0.9, 0.9));
    expect(sha256(coffee)).toBe(before);
  });

  it('is the image itself where a draw takes all of it, unmirrored', () => {
    const pixels = Uint8Array.from({ length: 5 * 5 * 3 }, (_, i) => i * 3);
    expect(augmentImage(pixels, 5, 'LIGHT', scripted(1, 0.5, 0, 0, 0.5))).toEqual(pixels);
  });

  it('mirrors below one half, an odd width around its middle column', () => {
    const pixels = greys(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const mirrored = augmentImage(pixels, 3, 'LIGHT', scripted(1, 0.5, 0, 0, 0.499));
    expect(mirrored).toEqual(greys(3, 2, 1, 6, 5, 4, 9, 8, 7));
  });

  it('enlarges the drawn window: half of each side, lower right', () => {
    // Area 1/4 and aspect 1 give 2 x 2 of 4 x 4 pixels; the last of three places either way.
    const pixels = greys(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 100, 9, 9, 200, 40);
    const enlarged = augmentImage(pixels, 4, 'STANDARD', scripted(0, 0.5, 0.99, 0.99, 0.5, 0.5, 0.5, 0.5));
    // Twice as large: each pixel mixes 3/4 of the nearest with 1/4 of the next, and the border repeats.
    const rows = [
      [0, 25, 75, 100],
      [50, 59, 76, 85],
      [150, 126, 79, 55],
      [200, 160, 80, 40],
    ];
    expect(enlarged).toEqual(greys(...rows.flat()));
  });

  it('draws colour factors from 0.6 to 1.4', () => {
    const whole = [1, 0.5, 0, 0, 0.5];
    const dark = coffee.slice();
    jitterColours(dark, { brightness: 0.6, contrast: 1, saturation: 1.4 });
    const drawn = augmentImage(coffee, SIZE_PX, 'STANDARD', scripted(...whole, 0, 0.5, 1));
    expect(sha256(drawn)).toBe(sha256(dark));
  });
});

describe('jitterColours', () => {
  it('stays within a byte', () => {
    const pixels = Uint8Array.of(255, 0, 0, 0, 255, 255, 250, 250, 5);
    jitterColours(pixels, { brightness: 1.4, contrast: 1.4, saturation: 1.4 });
    // Brighter: 255 0 0, 0 255 255, 255 255 7. Their mean grey is (76 + 179 + 227) / 3 = 161.
    expect([...pixels]).toEqual([255, 0, 0, 0, 255, 255, 255, 255, 0]);
  });
});
