import type { Padding, Window } from '../../networks/layers.js';
import { attribute, type Attributes, typeAttribute } from './kernels.js';

/** Pixels that surround an image. */
export type Margins = readonly [above: number, below: number, left: number, right: number];

/**
 * Attributes of an op that slides a window over images.
 *
 * @param imageShape [batch, height, width, channels] of what it slides over; `CEIL` depends on it.
 */
export function windowAttributes(window: Window, imageShape: readonly number[]): Attributes {
  const { stride } = window;
  return [
    typeAttribute('T', 'float32'),
    attribute('strides', 'INT', [1, stride, stride, 1]),
    attribute('data_format', 'STRING', 'NHWC'),
    ...paddingAttributes(windowPadding(window, imageShape)),
  ];
}

/** The window's own size, as pooling ops want it. */
export function windowSizeAttribute({ kernelSize: [height, width] }: Window): Attributes[number] {
  return attribute('ksize', 'INT', [1, height, width, 1]);
}

/** A window's padding by TensorFlow's name where it has one, else in pixels, which it calls EXPLICIT. */
export function windowPadding(
  { kernelSize: [kernelHeight, kernelWidth], stride, padding }: Window,
  [, height = 0, width = 0]: readonly number[],
): 'SAME' | 'VALID' | Margins {
  if (padding === 'SAME') return 'SAME';
  const margins: Margins = [
    ...around(padding, 0, height, kernelHeight, stride),
    ...around(padding, 1, width, kernelWidth, stride),
  ];
  const sameMargins = [...same(height, kernelHeight, stride), ...same(width, kernelWidth, stride)];
  if (margins.every((pixels) => pixels === 0)) return 'VALID';
  return margins.every((pixels, side) => pixels === sameMargins[side]) ? 'SAME' : margins;
}

function paddingAttributes(padding: 'SAME' | 'VALID' | Margins): Attributes {
  if (typeof padding === 'string') return [attribute('padding', 'STRING', padding)];
  return [attribute('padding', 'STRING', 'EXPLICIT'), attribute('explicit_paddings', 'INT', [0, 0, ...padding, 0, 0])];
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
