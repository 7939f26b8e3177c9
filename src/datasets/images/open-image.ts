import sharp, { type Sharp } from 'sharp';
import { DomainError } from '../../domain/errors.js';

export const IMAGE_AREA_MAX_PX = 50_000_000;

/** What shows through transparent pixels: white. Part of the preprocessing that a served model must repeat. */
const BACKGROUND = '#ffffff';

// Process-wide. Only these loaders exist, so no SVG, PDF or ImageMagick code sees a caller's bytes; no cache, so
// memory stays flat; one thread an image, because many are decoded side by side.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});
sharp.cache(false);
sharp.concurrency(1);

/** An encoded image, to be read; nothing is decoded yet. */
export function openImage(bytes: Uint8Array, limitInputPixels: number | false = IMAGE_AREA_MAX_PX): Sharp {
  return sharp(bytes, { failOn: 'warning', limitInputPixels, ignoreIcc: true });
}

/** 8-bit sRGB without alpha: transparency laid on white. */
export const toRgb = (image: Sharp): Sharp => image.flatten({ background: BACKGROUND }).toColourspace('srgb');

/** Runs a read; what sharp says about the bytes becomes a DomainError. */
export async function readable<T>(bytes: Uint8Array, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/\s+/g, ' ').trim() : String(error);
    const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
    throw new DomainError(
      'IMAGE_UNREADABLE',
      `is not a complete JPEG, PNG or WebP image (${bytes.length} bytes starting with ${start}: ${detail}); replace or remove it`,
      { sizeBytes: String(bytes.length), startsWith: start, detail },
      { cause: error },
    );
  }
}
