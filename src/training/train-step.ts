import { type Tensor, tf } from './backend.js';
import { type GradientContext, recordLayers } from './layer-gradients.js';
import { type LayerContext, runSegments } from './layer-run.js';
import type { ModelState, Segment } from './model-state.js';
import { recordChain } from './recording.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

/** What a forward and backward pass found; all tensors are the caller's to dispose. */
export interface LossAndGradients {
  /** Mean over the batch. */
  readonly loss: number;
  /** Of the trained parameters, by torch name, in TensorFlow's layout. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** Running statistics after the batch, of every BatchNorm that used batch statistics. */
  readonly statistics: ReadonlyMap<string, Tensor>;
}

/**
 * Trains a model on one batch: Adam, with each segment's multiplier times `learningRate`.
 *
 * @param input float32, what the first segment takes; stays the caller's.
 * @param labels int32 [batch]; stays the caller's.
 * @param momentum Share of the batch in the new running statistics.
 * @returns the mean loss before the step. If it is not finite, nothing was changed.
 */
export function trainStep(
  state: ModelState,
  input: Tensor,
  labels: Tensor,
  { learningRate, momentum }: { learningRate: number; momentum: number },
): number {
  const { loss, gradients, statistics } = lossAndGradients(state, input, labels, momentum);
  try {
    if (Number.isFinite(loss)) {
      state.optimizer.apply(
        gradients,
        state.segments.map(({ lrMultiplier }) => lrMultiplier * learningRate),
      );
      state.replaceResidents(statistics);
    } else {
      tf.dispose([...statistics.values()]);
    }
    return loss;
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

/**
 * The loss of one batch and its gradients for the trained parameters alone: the frozen segments before the first trained
 * one run without keeping their activations, and no gradient is computed for them.
 */
export function lossAndGradients(state: ModelState, input: Tensor, labels: Tensor, momentum: number): LossAndGradients {
  const names = [...state.optimizer.names, ...state.movingStatisticNames];
  // The momentum is an attribute of an op, so it is part of the name.
  const [losses, ...tensors] = state.functions.run(
    `gradients, momentum ${momentum}`,
    [input, labels, ...state.tensors],
    () => {
      const found = forwardAndBackward(state, input, labels, momentum);
      return [found.losses, ...names.map((name) => presentIn(found.tensors, name))];
    },
  );
  if (losses === undefined) throw new Error('the step returned nothing');
  const values = losses.dataSync<'float32'>();
  losses.dispose();
  const entries = tensors.map((tensor, index) => [names[index] ?? '', tensor] as const);
  const trainedCount = state.optimizer.names.length;
  return {
    loss: values.reduce((sum, value) => sum + value, 0) / values.length,
    gradients: new Map(entries.slice(0, trainedCount)),
    statistics: new Map(entries.slice(trainedCount)),
  };
}

/** @returns tensors: gradients and new running statistics, by the names of what they are for. */
function forwardAndBackward(state: ModelState, input: Tensor, labels: Tensor, momentum: number) {
  const firstTrained = state.segments.findIndex(({ lrMultiplier }) => lrMultiplier > 0);
  if (firstTrained < 0) throw new Error('no segment is trained');
  const tensors = new Map<string, Tensor>();
  const context = segmentContexts(state, momentum, tensors);
  const features = runSegments(state.segments.slice(0, firstTrained), input, context);
  const steps = state.segments
    .slice(firstTrained)
    .map((segment) => (value: Tensor) => recordLayers(segment.layers, value, context(segment)));
  const recording = recordChain(steps, features);
  const { losses, gradient } = softmaxCrossEntropy(recording.output, labels);
  recording.backward(gradient, false);
  return { losses, tensors };
}

/** @param tensors Filled while the layers run. */
function segmentContexts(
  state: ModelState,
  momentum: number,
  tensors: Map<string, Tensor>,
): (segment: Segment) => GradientContext {
  const parameter = state.parameters(state.optimizer.read());
  const batchStatistics: NonNullable<LayerContext['batchStatistics']> = {
    momentum,
    onRunningStatistics: (name, mean, variance) => {
      tensors.set(`${name}.running_mean`, mean);
      tensors.set(`${name}.running_var`, variance);
    },
  };
  const onGradient = (name: string, gradient: Tensor) => tensors.set(name, gradient);
  return ({ lrMultiplier, usesBatchStatistics }) => ({
    parameter,
    ...(usesBatchStatistics ? { batchStatistics } : {}),
    ...(lrMultiplier > 0 ? { onGradient } : {}),
  });
}

function presentIn(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the step gave nothing for ${name}`);
  return tensor;
}
