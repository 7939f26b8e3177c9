import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { shifted } from './make-shift.mjs';

/** Black, with a white square in the middle. */
const image = await sharp({ create: { width: 28, height: 28, channels: 3, background: '#000' } })
  .composite([{ input: { create: { width: 12, height: 12, channels: 3, background: '#fff' } }, left: 8, top: 8 }])
  .png()
  .toBuffer();

const pixelsOf = async (png) => [...(await sharp(png).toColourspace('b-w').raw().toBuffer())];

describe('shifted', () => {
  it('inverts: the square is dark, its surroundings are bright', async () => {
    const pixels = await pixelsOf(await shifted('a/1.png', image));
    const meanOf = (keep) => {
      const kept = pixels.filter((_, place) => keep(place % 28, Math.floor(place / 28)));
      return kept.reduce((sum, value) => sum + value, 0) / kept.length;
    };
    expect(pixels).toHaveLength(28 * 28);
    expect(meanOf((x, y) => x >= 10 && x < 18 && y >= 10 && y < 18)).toBeLessThan(60);
    expect(meanOf((x, y) => x < 6 || y < 6)).toBeGreaterThan(200);
  });

  it('has noise that follows from the path', async () => {
    const [first, again, other] = await Promise.all(
      ['a/1.png', 'a/1.png', 'a/2.png'].map((path) => shifted(path, image)),
    );
    expect(first).toEqual(again);
    expect(createHash('sha256').update(other).digest('hex')).not.toBe(createHash('sha256').update(first).digest('hex'));
  });
});
