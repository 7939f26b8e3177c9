import type { Padding, Window } from '../networks/layers.js';

/** The shape of the image between two layers; a vector, without height and width, is an image of one pixel. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * The shape of what a window gives.
 *
 * @throws {RangeError} when the image has no room for the window.
 */
export function slidOver(image: ImageShape, { kernelSize, stride, padding }: Window, channels: number): ImageShape {
  const along = (length: number, direction: 0 | 1) =>
    positionCount(
      length,
      kernelSize[direction],
      stride,
      padding === 'SAME' || padding === 'CEIL' ? padding : padding[direction],
    );
  const [height, width] = [along(image.height, 0), along(image.width, 1)];
  if (height < 1 || width < 1) {
    throw new RangeError(`an image of ${image.height} x ${image.width} has no room for ${kernelSize.join(' x ')}`);
  }
  return { height, width, channels };
}

/** @param padding Pixels on either side, or as `Padding` has it. */
function positionCount(
  length: number,
  kernel: number,
  stride: number,
  padding: number | Exclude<Padding, readonly number[]>,
) {
  if (padding === 'SAME') return Math.ceil(length / stride);
  if (padding === 'CEIL') return Math.ceil((length - kernel) / stride) + 1;
  return Math.floor((length + 2 * padding - kernel) / stride) + 1;
}
