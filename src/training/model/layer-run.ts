import type { BatchNorm, Classifier, Concat, Conv, Layer, MaxPool, Residual, Window } from '../../networks/layers.js';
import { type Tensor, tf } from '../device/backend.js';
import {
  type BatchNormParameters,
  batchNormWithBatchStatistics,
  batchNormWithRunningStatistics,
} from '../ops/batch-norm.js';
import { CONV, type ConvKernels, DEPTHWISE_CONV } from '../ops/conv-kernels.js';
import { convWithEnd } from '../ops/joined-kernels.js';
import { add, addBias, concatChannels, matMul } from '../ops/kernels.js';
import { plainFunction } from './plain-layers.js';
import type { SharedStatistics } from './shared-statistics.js';
import { maxPool } from '../ops/pool-kernels.js';

/** What layers need beside their input. */
export interface LayerContext {
  /** The tensor of that torch name, in TensorFlow's layout; it stays the owner's. */
  readonly parameter: (name: string) => Tensor;
  /** Batch statistics when given, else running ones; the function takes over the two new tensors. */
  readonly batchStatistics?: {
    readonly momentum: number;
    readonly onRunningStatistics: (name: string, mean: Tensor, variance: Tensor) => void;
    /** The statistics of images that several BatchNorms take, in a pass that is recorded for its gradients. */
    readonly sharedStatistics?: SharedStatistics;
  };
}

/**
 * Runs layers without keeping anything for a gradient.
 *
 * @param input Stays the caller's.
 * @returns A new tensor, which the caller disposes.
 */
export function runLayers(layers: readonly Layer[], input: Tensor, context: LayerContext): Tensor {
  return runInTurn(layers, input, (layer, current) => runLayer(layer, current, context));
}

/**
 * Runs parts of a network one after the other; disposes every value in between. Ownership as in `runLayers`.
 *
 * @param run Gives a new tensor, and leaves the one that it is given alone.
 */
export function runInTurn<T>(parts: readonly T[], input: Tensor, run: (part: T, input: Tensor) => Tensor): Tensor {
  let current = input;
  for (const part of parts) {
    const next = run(part, current);
    if (current !== input) current.dispose();
    current = next;
  }
  return current === input ? input.clone() : current;
}

function runLayer(layer: Layer, input: Tensor, context: LayerContext): Tensor {
  switch (layer.type) {
    case 'conv':
      return runConv(layer, CONV, input, context);
    case 'depthwiseConv':
      return runConv({ ...layer, hasBias: false }, DEPTHWISE_CONV, input, context);
    case 'batchNorm':
      return runBatchNorm(layer, input, context);
    case 'linear':
      return runLinear(layer.name, input, context);
    case 'classifier':
      return layer.form === 'linear'
        ? runLinear(layer.name, input, context)
        : runConv(classifierConv(layer), CONV, input, context);
    case 'maxPool':
      return runMaxPool(layer, input);
    case 'residual':
      return runResidual(layer, input, context);
    case 'concat':
      return runConcat(layer, input, context);
    case 'idle':
      return input.clone();
    default:
      return plainFunction(layer).forward(input);
  }
}

/** What a convolution is beside its filter. */
export type ConvShape = Window & Pick<Conv, 'name' | 'hasBias'>;

/** A classifier of the form `pointwiseConv`, as the convolution that it is. */
export function classifierConv({ name }: Classifier): ConvShape {
  return { name, hasBias: true, kernelSize: [1, 1], stride: 1, padding: [0, 0] };
}

/** A convolution of either kind, of which depthwise ones have no bias; ownership as in `runLayers`. */
export function runConv(shape: ConvShape, kernels: ConvKernels, input: Tensor, { parameter }: LayerContext): Tensor {
  const filter = parameter(`${shape.name}.weight`);
  if (!shape.hasBias) return kernels.forward(input, filter, shape);
  return convWithEnd(input, filter, shape, { bias: parameter(`${shape.name}.bias`) });
}

/** A linear layer; ownership as in `runLayers`. */
export function runLinear(name: string, input: Tensor, { parameter }: LayerContext): Tensor {
  return tf.tidy(() => addBias(matMul(input, parameter(`${name}.weight`)), parameter(`${name}.bias`)));
}

function runMaxPool(layer: MaxPool, input: Tensor): Tensor {
  const { output, reserves } = maxPool(input, layer);
  for (const unused of reserves) unused.dispose();
  return output;
}

function runResidual({ branch, shortcut }: Residual, input: Tensor, context: LayerContext): Tensor {
  const [a, b] = [runLayers(branch, input, context), runLayers(shortcut, input, context)];
  const output = add(a, b);
  tf.dispose([a, b]);
  return output;
}

function runConcat({ branches }: Concat, input: Tensor, context: LayerContext): Tensor {
  const parts = branches.map((branch) => runLayers(branch, input, context));
  const output = concatChannels(parts);
  tf.dispose(parts);
  return output;
}

function runBatchNorm(layer: BatchNorm, input: Tensor, context: LayerContext): Tensor {
  const { output, reserves = [] } = normalise(layer, input, batchNormParameters(layer, context), context);
  for (const unused of reserves) unused.dispose();
  return output;
}

/**
 * Normalises with the statistics that the context asks for, and reports how the running ones moved.
 *
 * @returns New tensors, which the caller disposes; no reserves where it used running statistics.
 */
export function normalise(
  { name, epsilon }: BatchNorm,
  input: Tensor,
  parameters: BatchNormParameters,
  { batchStatistics }: LayerContext,
): { output: Tensor; reserves?: readonly Tensor[] } {
  if (batchStatistics === undefined) return { output: batchNormWithRunningStatistics(input, parameters, { epsilon }) };
  const { momentum, sharedStatistics, onRunningStatistics } = batchStatistics;
  const known = sharedStatistics?.of(input);
  const result = batchNormWithBatchStatistics(input, parameters, { epsilon, momentum }, known);
  onRunningStatistics(name, result.runningMean, result.runningVariance);
  return result;
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
