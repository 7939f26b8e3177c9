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
      : named(
          [...around(padding, 0, height, kernelSize[0], stride), ...around(padding, 1, width, kernelSize[1], stride)],
          [...same(height, kernelSize[0], stride), ...same(width, kernelSize[1], stride)],
        )),
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

/** @returns what TensorFlow's SAME adds before and after. */
function same(length: number, kernel: number, stride: number): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + kernel - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * The padding by a name of TensorFlow's where it has one: oneDNN has kernels for VALID and SAME that it does not have
 * for EXPLICIT. On one 3x3 convolution its gradients took half the time; a whole step of ResNet-50, 0.58 of it.
 *
 * @param around, sameAround [above, below, left, right]
 */
function named(around: readonly number[], sameAround: readonly number[]): Attributes {
  if (around.every((pixels) => pixels === 0)) return [attribute('padding', 'STRING', 'VALID')];
  if (around.every((pixels, side) => pixels === sameAround[side])) return [attribute('padding', 'STRING', 'SAME')];
  return [attribute('padding', 'STRING', 'EXPLICIT'), attribute('explicit_paddings', 'INT', [0, 0, ...around, 0, 0])];
}
