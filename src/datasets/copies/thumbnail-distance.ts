import { THUMBNAIL_LENGTH } from '../images/thumbnail.js';

/**
 * The mean deviation, in grey levels, below which an image is as good as one colour: noise would decide what it is
 * like.
 */
export const CONTRAST_MIN = 4;

/** What two images are to each other, as far as thumbnails show. */
export type Likeness = 'COPY' | 'UNSURE' | 'OTHER';

/** Up to where two images are copies, and up to where nobody could say; distances as `thumbnailDistance` gives them. */
interface Bounds {
  readonly copyMax: number;
  readonly unsureMax: number;
}

/**
 * Measured by `bench/copies.mjs`. Among 1000 photographs no two are nearer than 0.2, while JPEG of quality 50 and sizes of
 * x0.5 to x2 stay below 0.11. Drawings and garments of 28 pixels are as near as 0.06 to each other, and so are their copies:
 * only what is nearer is called a copy there.
 */
const PHOTOGRAPH_BOUNDS: Bounds = { copyMax: 0.13, unsureMax: 0.2 };
const TINY_BOUNDS: Bounds = { copyMax: 0.045, unsureMax: 0.09 };

/** Images that both have a shorter side below this hold too little to be compared as photographs are. */
const TINY_BELOW_PX = 64;

/** How far a thumbnail's pixels are from its mean colour, on the mean: what differences are measured against. */
export function contrastOf(thumbnail: Uint8Array): number {
  const means = [0, 0, 0];
  for (let at = 0; at < THUMBNAIL_LENGTH; at++) means[at % 3] = (means[at % 3] ?? 0) + (thumbnail[at] ?? 0);
  let sum = 0;
  for (let at = 0; at < THUMBNAIL_LENGTH; at++) {
    sum += Math.abs((thumbnail[at] ?? 0) - (means[at % 3] ?? 0) / (THUMBNAIL_LENGTH / 3));
  }
  return sum / THUMBNAIL_LENGTH;
}

/**
 * The mean absolute difference of two thumbnails as a share of the lower contrast: 0 for equal ones, about 1 for images that
 * have nothing in common. A share, so that a dark image is not a copy of every other dark one.
 *
 * @returns Infinity where one of them has hardly any contrast.
 */
export function thumbnailDistance(a: Uint8Array, b: Uint8Array): number {
  const contrast = Math.min(contrastOf(a), contrastOf(b));
  if (contrast < CONTRAST_MIN) return Infinity;
  let sum = 0;
  for (let at = 0; at < THUMBNAIL_LENGTH; at++) sum += Math.abs((a[at] ?? 0) - (b[at] ?? 0));
  return sum / THUMBNAIL_LENGTH / contrast;
}

/** @param shorterSidePx The shorter side of the larger of the two images. */
export function likenessOf(distance: number, shorterSidePx: number): Likeness {
  const { copyMax, unsureMax } = shorterSidePx < TINY_BELOW_PX ? TINY_BOUNDS : PHOTOGRAPH_BOUNDS;
  if (distance <= copyMax) return 'COPY';
  return distance <= unsureMax ? 'UNSURE' : 'OTHER';
}
