import type { BatchNorm, Concat, Layer, MaxPool } from '../../networks/layers.js';
import type { Tensor } from '../device/backend.js';
import { batchNormGradients } from '../ops/batch-norm.js';
import { CONV, type ConvKernels, DEPTHWISE_CONV } from '../ops/conv-kernels.js';
import { channelSums, matMul } from '../ops/kernels.js';
import {
  batchNormParameters,
  classifierConv,
  type ConvShape,
  type LayerContext,
  normalise,
  runConv,
  runLinear,
} from './layer-run.js';
import { plainFunction, type PlainLayer } from './plain-layers.js';
import { maxPool, maxPoolGradient } from '../ops/pool-kernels.js';
import { recordChain, recordConcat, type Recording, recordSum } from './recording.js';

/** A context that also receives the gradients of a block that learns; a frozen block only passes gradients on. */
export interface GradientContext extends LayerContext {
  /** Takes over the gradient, float32 in TensorFlow's layout; absent for a frozen block. */
  readonly onGradient?: (parameterName: string, gradient: Tensor) => void;
  /** Whether a parameter of a block that learns does not learn; none is so when absent. */
  readonly isFrozen?: (parameterName: string) => boolean;
}

/** Runs layers one after the other and keeps what their gradients need; `input` stays the caller's. */
export function recordLayers(layers: readonly Layer[], input: Tensor, context: GradientContext): Recording {
  return recordChain(
    layers.map((layer) => (layerInput: Tensor) => recordLayer(layer, layerInput, context)),
    input,
  );
}

function recordLayer(layer: Layer, input: Tensor, context: GradientContext): Recording {
  switch (layer.type) {
    case 'conv':
      return recordConv(layer, CONV, input, context);
    case 'depthwiseConv':
      return recordConv({ ...layer, hasBias: false }, DEPTHWISE_CONV, input, context);
    case 'batchNorm':
      return recordBatchNorm(layer, input, context);
    case 'linear':
      return recordLinear(layer.name, input, context);
    case 'classifier':
      return layer.form === 'linear'
        ? recordLinear(layer.name, input, context)
        : recordConv(classifierConv(layer), CONV, input, context);
    case 'maxPool':
      return recordMaxPool(layer, input);
    case 'residual':
      return recordSum(recordLayers(layer.branch, input, context), recordLayers(layer.shortcut, input, context));
    case 'concat':
      return recordBranches(layer, input, context);
    case 'idle':
      return recordLayers([], input, context);
    default:
      return recordPlain(layer, input);
  }
}

function recordBranches({ branches }: Concat, input: Tensor, context: GradientContext): Recording {
  const { sharedStatistics } = context.batchStatistics ?? {};
  const passesOn = branches.some((branch) => branch.length === 0);
  // In a dense block each layer normalises all that the layers before it gave.
  if (passesOn) sharedStatistics?.share(input);
  const parts = branches.map((branch) => recordLayers(branch, input, context));
  const images = parts.map(({ output }, index) => (branches[index]?.length === 0 ? input : output));
  const statistics = passesOn ? sharedStatistics?.joined(images) : undefined;
  const recording = recordConcat(parts);
  if (statistics !== undefined) sharedStatistics?.keep(recording.output, statistics);
  return recording;
}

function recordPlain(layer: PlainLayer, input: Tensor): Recording {
  const { forward, gradient, needsOutput = false } = plainFunction(layer);
  const { shape: inputShape } = input;
  const output = forward(input);
  return {
    output,
    needsInput: false,
    needsOutput,
    backward: (outputGradient, wantsInputGradient) =>
      wantsInputGradient ? gradient(outputGradient, { output, inputShape }) : undefined,
  };
}

function recordMaxPool(layer: MaxPool, input: Tensor): Recording {
  const result = maxPool(input, layer);
  return {
    output: result.output,
    needsInput: true,
    needsOutput: true,
    backward: (outputGradient, wantsInputGradient) => {
      const gradient = wantsInputGradient ? maxPoolGradient(outputGradient, input, result, layer) : undefined;
      for (const reserve of result.reserves) reserve.dispose();
      return gradient;
    },
  };
}

function recordConv(layer: ConvShape, kernels: ConvKernels, input: Tensor, context: GradientContext): Recording {
  const name = `${layer.name}.weight`;
  const filter = context.parameter(name);
  const { shape } = input;
  return {
    output: runConv(layer, kernels, input, context),
    needsInput: learns(name, context),
    needsOutput: false,
    backward: (gradient, wantsInputGradient) => {
      report(name, context, () => kernels.filterGradient(input, filter.shape, gradient, layer));
      if (layer.hasBias) report(`${layer.name}.bias`, context, () => channelSums(gradient));
      return wantsInputGradient ? kernels.inputGradient(shape, filter, gradient, layer) : undefined;
    },
  };
}

function recordBatchNorm(layer: BatchNorm, input: Tensor, context: GradientContext): Recording {
  const { epsilon } = layer;
  const parameters = batchNormParameters(layer, context);
  const { output, reserves } = normalise(layer, input, parameters, context);
  return {
    output,
    needsInput: true,
    needsOutput: false,
    backward: (outputGradient) => {
      const gradients = batchNormGradients(outputGradient, input, parameters, epsilon, reserves);
      for (const reserve of reserves ?? []) reserve.dispose();
      reportOrDispose(`${layer.name}.weight`, gradients.scale, context);
      reportOrDispose(`${layer.name}.bias`, gradients.offset, context);
      return gradients.input;
    },
  };
}

function recordLinear(name: string, input: Tensor, context: GradientContext): Recording {
  const weight = context.parameter(`${name}.weight`);
  return {
    output: runLinear(name, input, context),
    needsInput: learns(`${name}.weight`, context),
    needsOutput: false,
    backward: (outputGradient, wantsInputGradient) => {
      report(`${name}.weight`, context, () => matMul(input, outputGradient, { transposeA: true }));
      report(`${name}.bias`, context, () => channelSums(outputGradient));
      return wantsInputGradient ? matMul(outputGradient, weight, { transposeB: true }) : undefined;
    },
  };
}

const learns = (name: string, { onGradient, isFrozen }: GradientContext): boolean =>
  onGradient !== undefined && isFrozen?.(name) !== true;

/** Computes a gradient only if somebody wants it. */
function report(name: string, context: GradientContext, gradient: () => Tensor): void {
  if (learns(name, context)) context.onGradient?.(name, gradient());
}

function reportOrDispose(name: string, gradient: Tensor, context: GradientContext): void {
  if (learns(name, context)) context.onGradient?.(name, gradient);
  else gradient.dispose();
}
