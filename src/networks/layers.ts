/**
 * What networks are made of, as plain data: a description runs in `training`, is counted here and exported elsewhere.
 * Every `name` is the module's name in the torch state dict, so `${name}.weight` is its parameter.
 * Images are [batch, height, width, channels].
 */
export type Layer =
  | Conv
  | DepthwiseConv
  | BatchNorm
  | Activation
  | MaxPool
  | AveragePool
  | AdaptiveAveragePool
  | GlobalMeanPool
  | Residual
  | Concat
  | ReverseChannels
  | Flatten
  | Linear
  | Classifier
  | Idle;

/**
 * What surrounds an image before a window slides over it: zeros, or nothing at all for a maximum.
 *
 * - `SAME`, TensorFlow's: ceil(size / stride) outputs from the actual size; an odd pixel goes to the right and below.
 * - `CEIL`, torch's ceil_mode: only what the last window needs, right and below, to leave no pixel out.
 * - torch's numbers: that many pixels [above and below, left and right].
 */
export type Padding = 'SAME' | 'CEIL' | readonly [height: number, width: number];

/** How a window slides over an image. */
export interface Window {
  readonly kernelSize: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: Padding;
}

/** A convolution. */
export interface Conv extends Window {
  readonly type: 'conv';
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly hasBias: boolean;
}

/** A convolution of each channel with its own kernel, without bias. */
export interface DepthwiseConv extends Window {
  readonly type: 'depthwiseConv';
  readonly name: string;
  readonly channels: number;
}

/** Scale and offset per channel after normalising with batch or running statistics. */
export interface BatchNorm {
  readonly type: 'batchNorm';
  readonly name: string;
  readonly channels: number;
  readonly epsilon: number;
}

/** `max(x, 0)`, and for `relu6` at most 6. */
export interface Activation {
  readonly type: 'relu' | 'relu6';
}

/** The largest value of each window. */
export interface MaxPool extends Window {
  readonly type: 'maxPool';
}

/** The mean of each window; padding counts as zeros, as torchvision's networks have it. */
export interface AveragePool extends Window {
  readonly type: 'averagePool';
  readonly padding: readonly [height: number, width: number];
}

/** The means of `size` x `size` windows that cover any image, as torch's AdaptiveAvgPool2d cuts them. */
export interface AdaptiveAveragePool {
  readonly type: 'adaptiveAveragePool';
  readonly size: number;
}

/** The mean over height and width: [batch, height, width, channels] to [batch, channels]. */
export interface GlobalMeanPool {
  readonly type: 'globalMeanPool';
}

/** `branch(x) + shortcut(x)`; an empty shortcut is x itself. */
export interface Residual {
  readonly type: 'residual';
  readonly branch: readonly Layer[];
  readonly shortcut: readonly Layer[];
}

/** The outputs of all branches of one input, side by side along the channels; an empty branch is the input itself. */
export interface Concat {
  readonly type: 'concat';
  readonly branches: readonly (readonly Layer[])[];
}

/** The channels in the opposite order: for weights that were trained on BGR, while images are RGB. */
export interface ReverseChannels {
  readonly type: 'reverseChannels';
}

/** [batch, height, width, channels] to [batch, channels * height * width], in torch's order: channel by channel. */
export interface Flatten {
  readonly type: 'flatten';
}

/** A linear layer with bias. */
export interface Linear {
  readonly type: 'linear';
  readonly name: string;
  readonly inputCount: number;
  readonly outputCount: number;
}

/** A linear layer or a pointwise convolution, with bias, that has as many outputs as there are classes. */
export interface Classifier {
  readonly type: 'classifier';
  readonly form: 'linear' | 'pointwiseConv';
  readonly name: string;
  readonly inputCount: number;
}

/** Layers whose tensors are part of the state while they do not run: the input is passed on. */
export interface Idle {
  readonly type: 'idle';
  readonly layers: readonly Layer[];
}
