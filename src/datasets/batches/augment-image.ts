import type { Augmentation } from '../../domain/job/data-config.js';
import type { RandomStream } from '../../random/random-stream.js';
import { jitterColours } from './colour-jitter.js';
import { type PixelWindow, randomWindow, type WindowRange } from './random-window.js';
import { resizeAndCrop } from '../images/resize.js';

/** What may be done to an image. */
interface Recipe {
  readonly window: WindowRange;
  /** Each colour factor is drawn from 1 - this to 1 + this; 0 leaves colours alone. */
  readonly colourSpread: number;
}

/**
 * STANDARD is what ImageNet models are trained with: torchvision's `RandomResizedCrop` with its aspects, and the colour
 * jitter of 0.4 that timm's training script and fb.resnet.torch use. Its smallest area is not torchvision's 0.08: that
 * is cut out of a photograph, this out of an image of the network's size, which a quarter enlarges twice and 0.08 would
 * blur to 3.5 times.
 */
const RECIPES = {
  LIGHT: { window: { areaShareMin: 0.8, aspectMax: 10 / 9 }, colourSpread: 0 },
  STANDARD: { window: { areaShareMin: 0.25, aspectMax: 4 / 3 }, colourSpread: 0.4 },
} as const satisfies Record<Exclude<Augmentation, 'NONE'>, Recipe>;

/**
 * One random variant of an image: a window of it, enlarged to the whole by Pillow's bilinear filter; mirrored or not;
 * its colours changed.
 *
 * @param pixels RGB bytes, [sizePx, sizePx, 3].
 * @param next Decides everything that is drawn.
 * @returns RGB bytes of the same shape, of their own.
 */
export function augmentImage(
  pixels: Uint8Array,
  sizePx: number,
  augmentation: keyof typeof RECIPES,
  next: RandomStream,
): Uint8Array {
  const { window, colourSpread } = RECIPES[augmentation];
  const varied = enlargedWindow(pixels, sizePx, randomWindow(sizePx, window, next));
  if (next() < 0.5) mirror(varied, sizePx);
  if (colourSpread > 0) {
    const factor = () => 1 + colourSpread * (2 * next() - 1);
    jitterColours(varied, { brightness: factor(), contrast: factor(), saturation: factor() });
  }
  return varied;
}

/** A window of an image, resized to the image's size. */
export function enlargedWindow(pixels: Uint8Array, sizePx: number, window: PixelWindow): Uint8Array {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const cut = new Uint8Array(widthPx * heightPx * 3);
  for (let row = 0; row < heightPx; row++) {
    const start = ((topPx + row) * sizePx + leftPx) * 3;
    cut.set(pixels.subarray(start, start + widthPx * 3), row * widthPx * 3);
  }
  return resizeAndCrop({ pixels: cut, widthPx, heightPx }, sizePx, sizePx, { leftPx: 0, topPx: 0, sizePx });
}

/** Swaps left and right in place. */
export function mirror(pixels: Uint8Array, sizePx: number): void {
  const rowBytes = sizePx * 3;
  for (let row = 0; row < pixels.length; row += rowBytes) {
    for (let left = row, right = row + rowBytes - 3; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const kept = pixels[left + channel] ?? 0;
        pixels[left + channel] = pixels[right + channel] ?? 0;
        pixels[right + channel] = kept;
      }
    }
  }
}
