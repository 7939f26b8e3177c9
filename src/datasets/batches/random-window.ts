import type { RandomStream } from '../../random/random-stream.js';

/** A rectangle of whole pixels inside an image. */
export interface PixelWindow {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Which windows may be drawn. */
export interface WindowRange {
  /** Smallest share of the image's area; the largest is all of it. */
  readonly areaShareMin: number;
  /** Largest ratio of width to height; its inverse is the smallest. */
  readonly aspectMax: number;
}

/** torchvision's count of tries. */
const TRY_COUNT = 10;

/**
 * Draws a window as torchvision's `RandomResizedCrop` does: its area uniform, the logarithm of its aspect uniform, and
 * its place uniform among those where it fits. The whole image when no draw fits.
 *
 * @param sizePx Side of the square image.
 * @see torchvision/transforms/transforms.py, `RandomResizedCrop.get_params`
 */
export function randomWindow(
  sizePx: number,
  { areaShareMin, aspectMax }: WindowRange,
  next: RandomStream,
): PixelWindow {
  for (let tried = 0; tried < TRY_COUNT; tried++) {
    const areaPx = (areaShareMin + (1 - areaShareMin) * next()) * sizePx ** 2;
    const aspect = aspectMax ** (2 * next() - 1);
    const widthPx = Math.round(Math.sqrt(areaPx * aspect));
    const heightPx = Math.round(Math.sqrt(areaPx / aspect));
    if (Math.min(widthPx, heightPx) < 1 || Math.max(widthPx, heightPx) > sizePx) continue;
    const leftPx = Math.floor(next() * (sizePx - widthPx + 1));
    const topPx = Math.floor(next() * (sizePx - heightPx + 1));
    return { leftPx, topPx, widthPx, heightPx };
  }
  return { leftPx: 0, topPx: 0, widthPx: sizePx, heightPx: sizePx };
}
