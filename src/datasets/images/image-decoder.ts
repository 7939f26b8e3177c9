import type { Metadata } from 'sharp';
import { DomainError } from '../../domain/errors.js';
import { decodeThumbnail } from './thumbnail.js';
import { IMAGE_FORMATS, type ImageFormat } from '../manifest.js';
import { IMAGE_AREA_MAX_PX, openImage, readable, toRgb } from './open-image.js';
import { resizeAndCenterCrop } from './preprocess.js';

export const IMAGE_SIDE_MIN_PX = 8;
export const IMAGE_SIDE_MAX_PX = 16_384;

/** What is unusual in an image that is read all the same; see `datasets/issues.ts`. */
export type ImageNote = 'ANIMATED' | 'CMYK' | 'SIXTEEN_BIT' | 'ALPHA' | 'ROTATED';

export interface ImageInfo {
  readonly format: ImageFormat;
  /** The size that a viewer shows, so after the EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly notes: readonly ImageNote[];
  /** What copies of the image are known by; see `copies/thumbnail.ts`. */
  readonly thumbnail: Uint8Array;
}

/**
 * Reads the whole image once, so that what passes here also decodes later. The format comes from the bytes.
 *
 * @throws {DomainError} IMAGE_UNREADABLE when the bytes are not a complete JPEG, PNG or WebP image of at most 50
 *   megapixels and 16384 px a side; IMAGE_TOO_SMALL below 8 px a side. Messages do not name the image: the caller does.
 */
export async function inspectImage(bytes: Uint8Array): Promise<ImageInfo> {
  if (bytes.length === 0) throw new DomainError('IMAGE_UNREADABLE', 'has 0 bytes; upload it again');
  // Without the limit the header alone is read, so that the error can name the size.
  const metadata = await readable(bytes, () => openImage(bytes, false).metadata());
  const info = imageInfo(bytes, metadata);
  checkSize(info);
  return { ...info, thumbnail: await decodeThumbnail(bytes, metadata) };
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
  const upright = toRgb(openImage(bytes).autoOrient());
  const { data, info } = await readable(bytes, () => upright.raw().toBuffer({ resolveWithObject: true }));
  if (info.channels !== 3) throw new Error(`sharp gave ${info.channels} channels where sRGB without alpha has 3`);
  return resizeAndCenterCrop({ pixels: data, widthPx: info.width, heightPx: info.height }, sizePx);
}

function imageInfo(bytes: Uint8Array, metadata: Metadata): Omit<ImageInfo, 'thumbnail'> {
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

function checkSize({ widthPx, heightPx }: Pick<ImageInfo, 'widthPx' | 'heightPx'>): void {
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
