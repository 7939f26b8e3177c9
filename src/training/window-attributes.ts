import type { Padding, Window } from '../networks/layers.js';
import { attribute, type Attributes, typeAttribute } from './kernels.js';

/**
 * Attributes of an op that slides a window over images.
 *
 * @param imageShape [batch, height, width, channels] of what it slides over; `CEIL` depends on it.
 */
export function windowAttributes({ kernelSize, stride, padding }: Window, imageShape: readonly number[]): Attributes {
  const [, height = 0, width = 0] = imageShape;
  return [
    typeAttribute('T', 'float32'),
    attribute('strides', 'INT', [1, stride, stride, 1]),
    attribute('data_format', 'STRING', 'NHWC'),
    ...(padding === 'SAME'
      ? [attribute('padding', 'STRING', 'SAME')]
      : explicit([
          ...around(padding, 0, height, kernelSize[0], stride),
          ...around(padding, 1, width, kernelSize[1], stride),
        ])),
  ];
}

/** The window's own size, as pooling ops want it. */
export function windowSizeAttribute({ kernelSize: [height, width] }: Window): Attributes[number] {
  return attribute('ksize', 'INT', [1, height, width, 1]);
}

/** @returns pixels before and after the image in one direction. */
function around(
  padding: Exclude<Padding, 'SAME'>,
  direction: 0 | 1,
  length: number,
  kernel: number,
  stride: number,
): readonly [number, number] {
  if (padding !== 'CEIL') return [padding[direction], padding[direction]];
  const covered = Math.ceil((length - kernel) / stride) * stride + kernel;
  return [0, Math.max(0, covered - length)];
}

/** @param around [above, below, left, right] */
function explicit(around: readonly number[]): Attributes {
  // Not EXPLICIT with zeros: oneDNN has kernels for VALID that it does not have for it.
  if (around.every((pixels) => pixels === 0)) return [attribute('padding', 'STRING', 'VALID')];
  return [attribute('padding', 'STRING', 'EXPLICIT'), attribute('explicit_paddings', 'INT', [0, 0, ...around, 0, 0])];
}
