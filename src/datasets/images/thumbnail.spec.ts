import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { inspectImage } from './image-decoder.js';
import { thumbnailDistance } from '../copies/thumbnail-distance.js';

/** A picture without symmetry. */
function picture(widthPx: number, heightPx: number) {
  const draw = randomStream('picture');
  const raw = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.floor(draw() * 256));
  return sharp(raw, { raw: { width: 8, height: 6, channels: 3 } }).resize(widthPx, heightPx, { fit: 'fill' });
}
const thumbnailOf = async (bytes: Buffer) => (await inspectImage(bytes)).thumbnail;

describe('decodeThumbnail', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is upright, whatever the EXIF orientation: %i', async (orientation) => {
    const lying = await picture(300, 200).withMetadata({ orientation }).png().toBuffer();
    const upright = await sharp(lying).autoOrient().png().toBuffer();
    expect(thumbnailDistance(await thumbnailOf(lying), await thumbnailOf(upright))).toBeLessThan(0.01);
  });

  it.each([
    [40, 30],
    [127, 90],
    [129, 130],
    [2000, 1500],
  ])('is the same after a resize to %i x %i px', async (widthPx, heightPx) => {
    const picture800 = await picture(800, 600).png().toBuffer();
    const resized = await sharp(picture800).resize(widthPx, heightPx, { fit: 'fill' }).png().toBuffer();
    expect(thumbnailDistance(await thumbnailOf(resized), await thumbnailOf(picture800))).toBeLessThan(0.05);
  });
});
