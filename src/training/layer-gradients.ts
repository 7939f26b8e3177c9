import type { BatchNorm, Classifier, Conv, DepthwiseConv, Layer, Residual } from '../networks/layers.js';
import { type Tensor, tf } from './backend.js';
import { batchNormGradients, batchNormWithBatchStatistics } from './batch-norm.js';
import { add, biasGradient, CONV, type ConvKernels, DEPTHWISE_CONV, matMul, relu6Gradient } from './kernels.js';
import { batchNormParameters, type LayerContext, reportRunningStatistics, runLayers } from './layer-run.js';

/** Also receives the gradients of a block that learns; a frozen block only passes gradients on. */
export interface GradientContext extends LayerContext {
  /** Takes over the gradient, float32 in TensorFlow's layout; absent for a frozen block. */
  readonly onGradient?: (parameterName: string, gradient: Tensor) => void;
}

/** A forward pass that can be run backward, once. */
export interface Recording {
  /** Disposed by whoever asked for the recording. */
  readonly output: Tensor;
  /** Whether `backward` reads the layer's input; if not, it may be disposed before. */
  readonly needsInput: boolean;
  /** Whether `backward` reads `output`. */
  readonly needsOutput: boolean;
  /**
   * Reports the gradients of the parameters and disposes what the forward pass kept.
   *
   * @param outputGradient Stays the caller's.
   * @returns The gradient of the input, which the caller disposes; undefined when it was not wanted.
   */
  readonly backward: (outputGradient: Tensor, wantsInputGradient: boolean) => Tensor | undefined;
}

/** Runs layers one after the other and keeps what their gradients need; `input` stays the caller's. */
export function recordLayers(layers: readonly Layer[], input: Tensor, context: GradientContext): Recording {
  return recordChain(
    layers.map((layer) => (layerInput: Tensor) => recordLayer(layer, layerInput, context)),
    input,
  );
}

/** Records one step after the other; disposes every value in between as soon as no gradient needs it any more. */
export function recordChain(steps: readonly ((input: Tensor) => Recording)[], input: Tensor): Recording {
  const done: Recording[] = [];
  for (const step of steps) {
    const previous = done.at(-1);
    const recording = step(previous?.output ?? input);
    if (previous !== undefined && !previous.needsOutput && !recording.needsInput) previous.output.dispose();
    done.push(recording);
  }
  const last = done.at(-1);
  if (last === undefined) throw new Error('a chain needs at least one step');
  return {
    output: last.output,
    needsInput: done[0]?.needsInput ?? false,
    needsOutput: last.needsOutput,
    backward: (outputGradient, wantsInputGradient) => chainBackward(done, outputGradient, wantsInputGradient),
  };
}

function chainBackward(done: readonly Recording[], outputGradient: Tensor, wantsInputGradient: boolean) {
  let gradient: Tensor | undefined = outputGradient;
  for (const [index, recording] of [...done.entries()].reverse()) {
    if (gradient === undefined) throw new Error('a layer gave no gradient to the one before it');
    const next: Tensor | undefined = recording.backward(gradient, wantsInputGradient || index > 0);
    if (gradient !== outputGradient) gradient.dispose();
    if (index < done.length - 1) recording.output.dispose();
    gradient = next;
  }
  return gradient;
}

function recordLayer(layer: Layer, input: Tensor, context: GradientContext): Recording {
  switch (layer.type) {
    case 'conv':
      return recordConv(layer, CONV, input, context);
    case 'depthwiseConv':
      return recordConv(layer, DEPTHWISE_CONV, input, context);
    case 'batchNorm':
      return recordBatchNorm(layer, input, context);
    case 'residual':
      return recordResidual(layer, input, context);
    case 'classifier':
      return recordClassifier(layer, input, context);
    case 'relu6': {
      const output = runLayers([layer], input, context);
      return { output, needsInput: false, needsOutput: true, backward: (gradient) => relu6Gradient(gradient, output) };
    }
    case 'globalMeanPool': {
      const { shape } = input;
      const output = runLayers([layer], input, context);
      return { output, needsInput: false, needsOutput: false, backward: (gradient) => spread(gradient, shape) };
    }
  }
}

function recordConv(
  layer: Conv | DepthwiseConv,
  kernels: ConvKernels,
  input: Tensor,
  context: GradientContext,
): Recording {
  const name = `${layer.name}.weight`;
  const filter = context.parameter(name);
  const { shape } = input;
  return {
    output: kernels.forward(input, filter, layer.stride),
    needsInput: context.onGradient !== undefined,
    needsOutput: false,
    backward: (gradient, wantsInputGradient) => {
      context.onGradient?.(name, kernels.filterGradient(input, filter.shape, gradient, layer.stride));
      return wantsInputGradient ? kernels.inputGradient(shape, filter, gradient, layer.stride) : undefined;
    },
  };
}

function recordBatchNorm(layer: BatchNorm, input: Tensor, context: GradientContext): Recording {
  const { epsilon } = layer;
  const parameters = batchNormParameters(layer, context);
  const { momentum } = context.batchStatistics ?? {};
  let output: Tensor;
  let reserves: readonly Tensor[] | undefined;
  if (momentum === undefined) {
    output = runLayers([layer], input, context);
  } else {
    const result = batchNormWithBatchStatistics(input, parameters, { epsilon, momentum });
    reportRunningStatistics(layer, result, context);
    ({ output, reserves } = result);
  }
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

function recordResidual(layer: Residual, input: Tensor, context: GradientContext): Recording {
  const branch = recordLayers(layer.branch, input, context);
  const output = add(branch.output, input);
  if (!branch.needsOutput) branch.output.dispose();
  return {
    output,
    needsInput: branch.needsInput,
    needsOutput: false,
    backward: (outputGradient, wantsInputGradient) => {
      const branchGradient = branch.backward(outputGradient, wantsInputGradient);
      branch.output.dispose();
      if (branchGradient === undefined) return undefined;
      const gradient = add(branchGradient, outputGradient);
      branchGradient.dispose();
      return gradient;
    },
  };
}

function recordClassifier(layer: Classifier, input: Tensor, context: GradientContext): Recording {
  const weight = context.parameter(`${layer.name}.weight`);
  return {
    output: runLayers([layer], input, context),
    needsInput: context.onGradient !== undefined,
    needsOutput: false,
    backward: (outputGradient, wantsInputGradient) => {
      context.onGradient?.(`${layer.name}.weight`, matMul(input, outputGradient, { transposeA: true }));
      context.onGradient?.(`${layer.name}.bias`, biasGradient(outputGradient));
      return wantsInputGradient ? matMul(outputGradient, weight, { transposeB: true }) : undefined;
    },
  };
}

function reportOrDispose(name: string, gradient: Tensor, { onGradient }: GradientContext): void {
  if (onGradient === undefined) gradient.dispose();
  else onGradient(name, gradient);
}

/** The gradient of a mean over height and width: each pixel gets its share of [batch, channels]. */
function spread(gradient: Tensor, [batch = 1, height = 1, width = 1, channels = 1]: readonly number[]): Tensor {
  return tf.tidy(() =>
    tf.broadcastTo(tf.div(gradient, height * width).reshape([batch, 1, 1, channels]), [batch, height, width, channels]),
  );
}
