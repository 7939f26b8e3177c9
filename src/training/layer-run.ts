import type { BatchNorm, Layer } from '../networks/layers.js';
import { type Tensor, tf } from './backend.js';
import {
  type BatchNormParameters,
  type BatchNormResult,
  batchNormWithBatchStatistics,
  batchNormWithRunningStatistics,
} from './batch-norm.js';
import { add, addBias, CONV, DEPTHWISE_CONV, matMul, relu6 } from './kernels.js';

/** What layers need beside their input. */
export interface LayerContext {
  /** The tensor of that torch name, in TensorFlow's layout; it stays the owner's. */
  readonly parameter: (name: string) => Tensor;
  /** Batch statistics when given, else running ones; the function takes over the two new tensors. */
  readonly batchStatistics?: {
    readonly momentum: number;
    readonly onRunningStatistics: (name: string, mean: Tensor, variance: Tensor) => void;
  };
}

/**
 * Runs layers without keeping anything for a gradient.
 *
 * @param input Stays the caller's.
 * @returns A new tensor, which the caller disposes.
 */
export function runLayers(layers: readonly Layer[], input: Tensor, context: LayerContext): Tensor {
  let current = input;
  for (const layer of layers) {
    const next = runLayer(layer, current, context);
    if (current !== input) current.dispose();
    current = next;
  }
  return current === input ? input.clone() : current;
}

/** Runs segments one after the other, each in its own context; ownership as in `runLayers`. */
export function runSegments<S extends { readonly layers: readonly Layer[] }>(
  segments: readonly S[],
  input: Tensor,
  context: (segment: S) => LayerContext,
): Tensor {
  let current = input;
  for (const segment of segments) {
    const next = runLayers(segment.layers, current, context(segment));
    if (current !== input) current.dispose();
    current = next;
  }
  return current === input ? input.clone() : current;
}

function runLayer(layer: Layer, input: Tensor, context: LayerContext): Tensor {
  switch (layer.type) {
    case 'conv':
      return CONV.forward(input, context.parameter(`${layer.name}.weight`), layer.stride);
    case 'depthwiseConv':
      return DEPTHWISE_CONV.forward(input, context.parameter(`${layer.name}.weight`), layer.stride);
    case 'batchNorm':
      return runBatchNorm(layer, input, context);
    case 'relu6':
      return relu6(input);
    case 'residual': {
      const branch = runLayers(layer.branch, input, context);
      const output = add(branch, input);
      branch.dispose();
      return output;
    }
    case 'globalMeanPool':
      return tf.mean(input, [1, 2]);
    case 'classifier': {
      const product = matMul(input, context.parameter(`${layer.name}.weight`));
      const output = addBias(product, context.parameter(`${layer.name}.bias`));
      product.dispose();
      return output;
    }
  }
}

function runBatchNorm(layer: BatchNorm, input: Tensor, context: LayerContext): Tensor {
  const { batchStatistics } = context;
  const parameters = batchNormParameters(layer, context);
  if (batchStatistics === undefined) return batchNormWithRunningStatistics(input, parameters, layer);
  const result = batchNormWithBatchStatistics(input, parameters, {
    epsilon: layer.epsilon,
    momentum: batchStatistics.momentum,
  });
  for (const unused of result.reserves) unused.dispose();
  reportRunningStatistics(layer, result, context);
  return result.output;
}

/** The four vectors of a BatchNorm layer. */
export function batchNormParameters({ name }: BatchNorm, { parameter }: LayerContext): BatchNormParameters {
  return {
    scale: parameter(`${name}.weight`),
    offset: parameter(`${name}.bias`),
    runningMean: parameter(`${name}.running_mean`),
    runningVariance: parameter(`${name}.running_var`),
  };
}

/** Hands the new running statistics to whoever keeps them. */
export function reportRunningStatistics({ name }: BatchNorm, result: BatchNormResult, context: LayerContext): void {
  context.batchStatistics?.onRunningStatistics(name, result.runningMean, result.runningVariance);
}
