import type { BatchNorm, Concat, Conv, DepthwiseConv, Layer, Residual } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import { batchNormParameters, type LayerContext } from './layer-run.js';
import type { PixelwiseActivation } from '../ops/joined-kernels.js';
import { add, divide, multiply, subtract } from '../ops/kernels.js';

/** Layers as inference runs them: a BatchNorm behind a convolution is part of it, and so is the ReLU behind that. */
export type FoldedLayer =
  Exclude<Layer, Conv | DepthwiseConv | BatchNorm | Residual | Concat> | FoldedConv | FoldedNorm | FoldedParts;

/** A convolution with all that follows it pixel by pixel. */
export interface FoldedConv {
  readonly type: 'foldedConv';
  readonly conv: Conv | DepthwiseConv;
  readonly norm?: BatchNorm;
  readonly activation?: PixelwiseActivation;
}

/** A BatchNorm behind something else, with the ReLU behind it. */
export interface FoldedNorm {
  readonly type: 'foldedNorm';
  readonly norm: BatchNorm;
  readonly activation?: PixelwiseActivation;
}

/** The parts of one input: added up, with the ReLU behind the sum, or side by side. */
export interface FoldedParts {
  readonly type: 'foldedParts';
  readonly join: 'add' | 'concat';
  readonly parts: readonly (readonly FoldedLayer[])[];
  readonly activation?: PixelwiseActivation;
}

/** Joins what inference can do at once. */
export function foldLayers(layers: readonly Layer[]): FoldedLayer[] {
  const folded: FoldedLayer[] = [];
  for (const layer of layers) {
    const last = folded.at(-1);
    const joined = last === undefined ? undefined : joinedWith(last, layer);
    if (joined !== undefined) folded[folded.length - 1] = joined;
    else folded.push(foldedLayer(layer));
  }
  return folded;
}

function joinedWith(last: FoldedLayer, layer: Layer): FoldedLayer | undefined {
  const takesActivation = last.type === 'foldedConv' || last.type === 'foldedNorm' || isSum(last);
  if (!takesActivation || last.activation !== undefined) return undefined;
  if (layer.type === 'relu' || layer.type === 'relu6') return { ...last, activation: layer.type };
  const takesNorm = last.type === 'foldedConv' && last.norm === undefined;
  return layer.type === 'batchNorm' && takesNorm ? { ...last, norm: layer } : undefined;
}

const isSum = (layer: FoldedLayer): layer is FoldedParts => layer.type === 'foldedParts' && layer.join === 'add';

function foldedLayer(layer: Layer): FoldedLayer {
  switch (layer.type) {
    case 'conv':
    case 'depthwiseConv':
      return { type: 'foldedConv', conv: layer };
    case 'batchNorm':
      return { type: 'foldedNorm', norm: layer };
    case 'residual':
      return { type: 'foldedParts', join: 'add', parts: [layer.branch, layer.shortcut].map(foldLayers) };
    case 'concat':
      return { type: 'foldedParts', join: 'concat', parts: layer.branches.map(foldLayers) };
    default:
      return layer;
  }
}

/** Every convolution in the layers, however deep. */
export function foldedConvs(layers: readonly FoldedLayer[]): FoldedConv[] {
  return layers.flatMap((layer) => {
    if (layer.type === 'foldedConv') return [layer];
    return layer.type === 'foldedParts' ? layer.parts.flatMap(foldedConvs) : [];
  });
}

/** The parameters that `foldedTensors` takes. */
export function foldedNames({ conv, norm }: FoldedConv): string[] {
  const own = conv.type === 'conv' && conv.hasBias ? ['weight', 'bias'] : ['weight'];
  const ofNorm = norm === undefined ? [] : ['weight', 'bias', 'running_mean', 'running_var'];
  return [...own.map((part) => `${conv.name}.${part}`), ...ofNorm.map((part) => `${norm?.name ?? ''}.${part}`)];
}

/** How many tensors `foldedTensors` gives: the filter, and the bias where there is one. */
export function foldedTensorCount({ conv, norm }: FoldedConv): 1 | 2 {
  return norm !== undefined || (conv.type === 'conv' && conv.hasBias) ? 2 : 1;
}

/**
 * A convolution's filter and bias with its BatchNorm, on running statistics, multiplied in; equal to the two in turn but for
 * rounding (5e-6 of a network's largest output). Ops only, so that it can be traced; the caller disposes the result.
 */
export function foldedTensors({ conv, norm }: FoldedConv, context: LayerContext): Tensor[] {
  const filter = context.parameter(`${conv.name}.weight`);
  const bias = conv.type === 'conv' && conv.hasBias ? context.parameter(`${conv.name}.bias`) : undefined;
  if (norm === undefined) return [filter, bias].flatMap((tensor) => tensor?.clone() ?? []);
  const { scale, offset, runningMean, runningVariance } = batchNormParameters(norm, context);
  return tf.tidy(() => {
    const factor = divide(scale, tf.sqrt(add(runningVariance, tf.scalar(norm.epsilon))));
    const mean = bias === undefined ? runningMean : subtract(runningMean, bias);
    // A depthwise filter, [height, width, channels, 1], has its channels on the axis before the last.
    const perFilter = conv.type === 'conv' ? factor : factor.reshape([-1, 1]);
    return [multiply(filter, perFilter), subtract(offset, multiply(mean, factor))];
  });
}
