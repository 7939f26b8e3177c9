import type { Window } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { type Margins, windowPadding } from './window-attributes.js';

/**
 * What must be put around images before a window slides over them, for ops that oneDNN knows without EXPLICIT padding only:
 * TensorFlow's own kernels take many times as long.
 *
 * @returns undefined where TensorFlow has a name for the padding.
 */
export function marginsOf(window: Window, imageShape: readonly number[]): Margins | undefined {
  const padding = windowPadding(window, imageShape);
  return typeof padding === 'string' ? undefined : padding;
}

/** The window as it slides over images that have their margins. */
export function withoutMargins<W extends Window>(window: W, margins: Margins | undefined): W {
  return margins === undefined ? window : { ...window, padding: [0, 0] };
}

/** The shape of what `pad` gives. */
export function paddedShape(
  [batch = 0, height = 0, width = 0, channels = 0]: readonly number[],
  [above, below, left, right]: Margins,
): number[] {
  return [batch, height + above + below, width + left + right, channels];
}

/** Puts margins of one value around images; the caller disposes the result. */
export function pad(images: Tensor, [above, below, left, right]: Margins, value = 0): Tensor {
  return tf.pad(
    images,
    [
      [0, 0],
      [above, below],
      [left, right],
      [0, 0],
    ],
    value,
  );
}

/** Undoes `pad`, for images of that shape; the caller disposes the result. */
export function cutMargins(padded: Tensor, [above, , left]: Margins, imageShape: readonly number[]): Tensor {
  return tf.slice(padded, [0, above, left, 0], [...imageShape]);
}
