/**
 * What networks are made of, as plain data: a description runs in `training`, is counted here and exported elsewhere.
 * Every `name` is the module's name in the torch state dict, so `${name}.weight` is its parameter.
 * Images are [batch, height, width, channels]; all padding is TensorFlow's SAME, from the actual input size.
 */
export type Layer = Conv | DepthwiseConv | BatchNorm | Relu6 | Residual | GlobalMeanPool | Classifier;

/** A convolution without bias. */
export interface Conv {
  readonly type: 'conv';
  readonly name: string;
  readonly kernelSize: number;
  readonly stride: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
}

/** A convolution of each channel with its own kernel, without bias. */
export interface DepthwiseConv {
  readonly type: 'depthwiseConv';
  readonly name: string;
  readonly kernelSize: number;
  readonly stride: number;
  readonly channels: number;
}

/** Scale and offset per channel after normalising with batch or running statistics. */
export interface BatchNorm {
  readonly type: 'batchNorm';
  readonly name: string;
  readonly channels: number;
  readonly epsilon: number;
}

/** `min(max(x, 0), 6)`. */
export interface Relu6 {
  readonly type: 'relu6';
}

/** `branch(x) + x`. */
export interface Residual {
  readonly type: 'residual';
  readonly branch: readonly Layer[];
}

/** The mean over height and width: [batch, height, width, channels] to [batch, channels]. */
export interface GlobalMeanPool {
  readonly type: 'globalMeanPool';
}

/** The one layer whose output count is the class count: a linear layer with bias. */
export interface Classifier {
  readonly type: 'classifier';
  readonly name: string;
  readonly inputCount: number;
}

/** A pointwise convolution unless `kernelSize` says otherwise. */
export const conv = (
  name: string,
  inputChannels: number,
  outputChannels: number,
  { kernelSize = 1, stride = 1 } = {},
): Conv => ({ type: 'conv', name, kernelSize, stride, inputChannels, outputChannels });

/** One kernel per channel; `channels` is both input and output. */
export const depthwiseConv = (
  name: string,
  channels: number,
  { kernelSize, stride }: { kernelSize: number; stride: number },
): DepthwiseConv => ({ type: 'depthwiseConv', name, kernelSize, stride, channels });

/** @param epsilon Added to the variance before its root is taken. */
export const batchNorm = (name: string, channels: number, epsilon: number): BatchNorm => ({
  type: 'batchNorm',
  name,
  channels,
  epsilon,
});

/** The only ReLU6 there is: it has no settings. */
export const relu6: Relu6 = { type: 'relu6' };

/** @param branch Keeps the shape of its input, which is added to its output. */
export const residual = (branch: readonly Layer[]): Residual => ({ type: 'residual', branch });

/** The only one there is: it has no settings. */
export const globalMeanPool: GlobalMeanPool = { type: 'globalMeanPool' };

/** @param inputCount Features per example. */
export const classifier = (name: string, inputCount: number): Classifier => ({ type: 'classifier', name, inputCount });
