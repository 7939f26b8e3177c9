import sharp, { type Metadata, type Sharp } from 'sharp';
import { DomainError } from '../domain/errors.js';
import { IMAGE_FORMATS, type ImageFormat } from './manifest.js';
import { resizeAndCenterCrop } from './preprocess.js';

export const IMAGE_SIDE_MIN_PX = 8;
export const IMAGE_SIDE_MAX_PX = 16_384;
export const IMAGE_AREA_MAX_PX = 50_000_000;

/** What is unusual in an image that is read all the same; see `datasets/issues.ts`. */
export type ImageNote = 'ANIMATED' | 'CMYK' | 'SIXTEEN_BIT' | 'ALPHA' | 'ROTATED';

export interface ImageInfo {
  readonly format: ImageFormat;
  /** As a viewer shows it, so after the EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly notes: readonly ImageNote[];
}

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

/**
 * Reads the whole image once, so that what passes here also decodes later. The format comes from the bytes.
 *
 * @throws {DomainError} IMAGE_UNREADABLE when the bytes are not a complete JPEG, PNG or WebP image of at most 50
 *   megapixels and 16384 px a side; IMAGE_TOO_SMALL below 8 px a side. Messages do not name the image: the caller does.
 */
export async function inspectImage(bytes: Uint8Array): Promise<ImageInfo> {
  if (bytes.length === 0) throw new DomainError('IMAGE_UNREADABLE', 'has 0 bytes; upload it again');
  // Without the limit the header alone is read, so that the error can name the size.
  const metadata = await readable(bytes, () => open(bytes, false).metadata());
  const info = imageInfo(bytes, metadata);
  checkSize(info);
  // Rows are decoded in order, so asking for the last one decodes them all, and keeps a few instead of 150 MB.
  const lastRow = { left: 0, top: metadata.height - 1, width: metadata.width, height: 1 };
  await readable(bytes, () => open(bytes).extract(lastRow).raw().toBuffer());
  return info;
}

/**
 * Decodes an image as the network sees it, before mean and standard deviation: turned upright by its EXIF orientation,
 * converted to 8-bit sRGB, transparency laid on white, first frame of an animation, then `resizeAndCenterCrop`.
 * An embedded colour profile is not applied: the base models saw ImageNet through PIL, which ignores it too.
 *
 * @returns uint8 RGB [sizePx, sizePx, 3].
 * @throws {DomainError} IMAGE_UNREADABLE
 */
export async function decodeImage(bytes: Uint8Array, sizePx: number): Promise<Uint8Array> {
  const upright = open(bytes).autoOrient().flatten({ background: BACKGROUND }).toColourspace('srgb');
  const { data, info } = await readable(bytes, () => upright.raw().toBuffer({ resolveWithObject: true }));
  if (info.channels !== 3) throw new Error(`sharp gave ${info.channels} channels where sRGB without alpha has 3`);
  return resizeAndCenterCrop({ pixels: data, widthPx: info.width, heightPx: info.height }, sizePx);
}

function open(bytes: Uint8Array, limitInputPixels: number | false = IMAGE_AREA_MAX_PX): Sharp {
  return sharp(bytes, { failOn: 'warning', limitInputPixels, ignoreIcc: true });
}

/** Runs a read; what sharp says about the bytes becomes a DomainError. */
async function readable<T>(bytes: Uint8Array, read: () => Promise<T>): Promise<T> {
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

function imageInfo(bytes: Uint8Array, metadata: Metadata): ImageInfo {
  const format = IMAGE_FORMATS.find((known) => known === metadata.format);
  if (format === undefined)
    throw new Error(`sharp opened ${metadata.format} (${bytes.length} bytes), a blocked format`);
  const notes: ImageNote[] = [];
  if ((metadata.pages ?? 1) > 1) notes.push('ANIMATED');
  if (metadata.space === 'cmyk') notes.push('CMYK');
  if (metadata.depth === 'ushort') notes.push('SIXTEEN_BIT');
  if (metadata.hasAlpha) notes.push('ALPHA');
  if ((metadata.orientation ?? 1) > 1) notes.push('ROTATED');
  const { width: widthPx, height: heightPx } = metadata.autoOrient;
  return { format, widthPx, heightPx, notes };
}

function checkSize({ widthPx, heightPx }: ImageInfo): void {
  const size = `${widthPx}x${heightPx} px`;
  const metadata = { widthPx: String(widthPx), heightPx: String(heightPx) };
  if (Math.min(widthPx, heightPx) < IMAGE_SIDE_MIN_PX) {
    const message = `is ${size}, below ${IMAGE_SIDE_MIN_PX} px a side; replace or remove it`;
    throw new DomainError('IMAGE_TOO_SMALL', message, { ...metadata, sideMinPx: String(IMAGE_SIDE_MIN_PX) });
  }
  if (Math.max(widthPx, heightPx) > IMAGE_SIDE_MAX_PX) {
    const message = `is ${size}, above ${IMAGE_SIDE_MAX_PX} px a side; scale it down`;
    throw new DomainError('IMAGE_UNREADABLE', message, { ...metadata, sideMaxPx: String(IMAGE_SIDE_MAX_PX) });
  }
  if (widthPx * heightPx > IMAGE_AREA_MAX_PX) {
    const message = `is ${size}, above ${IMAGE_AREA_MAX_PX} pixels; scale it down`;
    throw new DomainError('IMAGE_UNREADABLE', message, { ...metadata, areaMaxPx: String(IMAGE_AREA_MAX_PX) });
  }
}
