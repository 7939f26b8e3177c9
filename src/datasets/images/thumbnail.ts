import type { Metadata } from 'sharp';
import { openImage, readable, toRgb } from './open-image.js';
import { resizeAndCrop } from './resize.js';

export const THUMBNAIL_SIDE_PX = 16;
export const THUMBNAIL_LENGTH = THUMBNAIL_SIDE_PX ** 2 * 3;

/** The side above which the decoder reduces first: what that changes is far below one pixel of the thumbnail. */
const REDUCED_SIDE_PX = 128;

/**
 * The image as a viewer shows it, on 16 x 16 pixels whatever its shape: what re-encoding and resizing leave as it is. The
 * small size is taken with a filter that is exact at any scale, because the decoder's own shifts images of a few pixels.
 * Every row is decoded, and at most 6 MB of pixels are kept.
 *
 * @returns uint8 RGB [16, 16, 3].
 * @throws {DomainError} IMAGE_UNREADABLE when the bytes do not decode to their end.
 */
export async function decodeThumbnail(
  bytes: Uint8Array,
  { width, height, orientation }: Pick<Metadata, 'width' | 'height' | 'orientation'>,
): Promise<Uint8Array> {
  const isLarge = Math.min(width, height) > REDUCED_SIDE_PX;
  const reduction = { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false } as const;
  const opened = openImage(bytes);
  const small = toRgb(isLarge ? opened.resize(REDUCED_SIDE_PX, REDUCED_SIDE_PX, reduction) : opened);
  const { data, info } = await readable(bytes, () => small.raw().toBuffer({ resolveWithObject: true }));
  const whole = { leftPx: 0, topPx: 0, sizePx: THUMBNAIL_SIDE_PX };
  const image = { pixels: data, widthPx: info.width, heightPx: info.height };
  return upright(resizeAndCrop(image, THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX, whole), orientation ?? 1);
}

/** Where an upright pixel lies in an image with that EXIF orientation; turning the thumbnail, not the image, keeps rows in order. */
const SOURCES: Readonly<Record<number, (x: number, y: number, last: number) => readonly [x: number, y: number]>> = {
  2: (x, y, last) => [last - x, y],
  3: (x, y, last) => [last - x, last - y],
  4: (x, y, last) => [x, last - y],
  5: (x, y) => [y, x],
  6: (x, y, last) => [y, last - x],
  7: (x, y, last) => [last - y, last - x],
  8: (x, y, last) => [last - y, x],
};

function upright(thumbnail: Uint8Array, orientation: number): Uint8Array {
  const sourceOf = SOURCES[orientation];
  if (sourceOf === undefined) return thumbnail;
  const turned = new Uint8Array(THUMBNAIL_LENGTH);
  for (let y = 0; y < THUMBNAIL_SIDE_PX; y++) {
    for (let x = 0; x < THUMBNAIL_SIDE_PX; x++) {
      const [sourceX, sourceY] = sourceOf(x, y, THUMBNAIL_SIDE_PX - 1);
      const from = (sourceY * THUMBNAIL_SIDE_PX + sourceX) * 3;
      turned.set(thumbnail.subarray(from, from + 3), (y * THUMBNAIL_SIDE_PX + x) * 3);
    }
  }
  return turned;
}
