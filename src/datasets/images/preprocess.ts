import { resizedShorterSidePx } from '../../domain/dataset/preprocessing.js';
import { resizeAndCrop, type RgbImage } from './resize.js';

/**
 * Gives an image the network's shape as BioTune's evaluation does: shorter side to round(sizePx · 232 / 224),
 * bilinear with antialias, then a centre crop. Sizes and offsets are rounded as in torchvision (long side down,
 * offset half to even), so at 224 this is `Resize(232)` and `CenterCrop(224)` on a PIL image.
 *
 * @param sizePx Side of the square result, at least 1.
 * @returns uint8 [sizePx, sizePx, 3].
 * @see torchvision/transforms/functional.py, `_compute_resized_image_output_size` and `center_crop`
 */
export function resizeAndCenterCrop(image: RgbImage, sizePx: number): Uint8Array {
  const shorterPx = resizedShorterSidePx(sizePx);
  const { widthPx, heightPx } = image;
  const longerPx = Math.trunc((shorterPx * Math.max(widthPx, heightPx)) / Math.min(widthPx, heightPx));
  const resizedWidthPx = widthPx <= heightPx ? shorterPx : longerPx;
  const resizedHeightPx = widthPx <= heightPx ? longerPx : shorterPx;
  return resizeAndCrop(image, resizedWidthPx, resizedHeightPx, {
    leftPx: roundHalfToEven((resizedWidthPx - sizePx) / 2),
    topPx: roundHalfToEven((resizedHeightPx - sizePx) / 2),
    sizePx,
  });
}

/** Python's `round`: 0.5 → 0, 1.5 → 2. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
