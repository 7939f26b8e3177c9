import type {
  Activation,
  AdaptiveAveragePool,
  AveragePool,
  BatchNorm,
  Classifier,
  Concat,
  Conv,
  DepthwiseConv,
  Flatten,
  GlobalMeanPool,
  Idle,
  Layer,
  Linear,
  MaxPool,
  Padding,
  Residual,
  ReverseChannels,
  Window,
} from './layers.js';

/** One number for both directions, or [height, width]. */
type Pair = number | readonly [height: number, width: number];

interface WindowOptions {
  readonly kernelSize?: Pair;
  readonly stride?: number;
  readonly padding?: Pair | Exclude<Padding, readonly number[]>;
}

/** A window of one pixel, without padding, unless the options say otherwise. */
export const conv = (
  name: string,
  inputChannels: number,
  outputChannels: number,
  { hasBias = false, ...options }: WindowOptions & { readonly hasBias?: boolean } = {},
): Conv => ({ type: 'conv', name, inputChannels, outputChannels, hasBias, ...windowOf(options) });

/** One kernel per channel; `channels` is both input and output. */
export const depthwiseConv = (name: string, channels: number, options: WindowOptions): DepthwiseConv => ({
  type: 'depthwiseConv',
  name,
  channels,
  ...windowOf(options),
});

/** @param epsilon Added to the variance before its root is taken. */
export const batchNorm = (name: string, channels: number, epsilon = 1e-5): BatchNorm => ({
  type: 'batchNorm',
  name,
  channels,
  epsilon,
});

/** The only ReLU there is: it has no settings. */
export const relu: Activation = { type: 'relu' };

/** The only ReLU6 there is: it has no settings. */
export const relu6: Activation = { type: 'relu6' };

/** No padding unless the options say otherwise. */
export const maxPool = (kernelSize: number, options: WindowOptions): MaxPool => ({
  type: 'maxPool',
  ...windowOf({ kernelSize, ...options }),
});

/** No padding unless the options say otherwise. */
export const averagePool = (
  kernelSize: number,
  { stride = 1, padding = 0 }: { readonly stride?: number; readonly padding?: number },
): AveragePool => ({ type: 'averagePool', kernelSize: pairOf(kernelSize), stride, padding: pairOf(padding) });

/** @param size The side of the square result. */
export const adaptiveAveragePool = (size: number): AdaptiveAveragePool => ({ type: 'adaptiveAveragePool', size });

/** The only one there is: it has no settings. */
export const globalMeanPool: GlobalMeanPool = { type: 'globalMeanPool' };

/** @param shortcut Gives the shape of the branch's output; without it, the branch keeps the shape of its input. */
export const residual = (branch: readonly Layer[], shortcut: readonly Layer[] = []): Residual => ({
  type: 'residual',
  branch,
  shortcut,
});

/** @param branches Give images of one size. */
export const concat = (...branches: readonly (readonly Layer[])[]): Concat => ({ type: 'concat', branches });

/** The only one there is: it has no settings. */
export const reverseChannels: ReverseChannels = { type: 'reverseChannels' };

/** The only one there is: it has no settings. */
export const flatten: Flatten = { type: 'flatten' };

/** A layer between features; the one that ends in classes is a `classifier`. */
export const linear = (name: string, inputCount: number, outputCount: number): Linear => ({
  type: 'linear',
  name,
  inputCount,
  outputCount,
});

/** @param inputCount Features per example, or channels of an image. */
export const classifier = (name: string, inputCount: number, form: Classifier['form'] = 'linear'): Classifier => ({
  type: 'classifier',
  form,
  name,
  inputCount,
});

/** @param layers Named and shaped as if they ran. */
export const idle = (layers: readonly Layer[]): Idle => ({ type: 'idle', layers });

function windowOf({ kernelSize = 1, stride = 1, padding = 0 }: WindowOptions): Window {
  return { kernelSize: pairOf(kernelSize), stride, padding: typeof padding === 'string' ? padding : pairOf(padding) };
}

function pairOf(value: Pair): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}
