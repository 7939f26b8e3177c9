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
  const gradients = new Map<string, Tensor>();
  const statistics = new Map<string, Tensor>();
  const firstTrained = state.segments.findIndex(({ lrMultiplier }) => lrMultiplier > 0);
  if (firstTrained < 0) throw new Error('no segment is trained');
  try {
    const loss = tf.tidy(() => {
      const context = segmentContexts(state, momentum, gradients, statistics);
      const features = runSegments(state.segments.slice(0, firstTrained), input, context);
      const steps = state.segments
        .slice(firstTrained)
        .map((segment) => (value: Tensor) => recordLayers(segment.layers, value, context(segment)));
      const recording = recordChain(steps, features);
      const { loss, gradient } = softmaxCrossEntropy(recording.output, labels);
      recording.backward(gradient, false);
      return loss;
    });
    return { loss, gradients, statistics };
  } catch (error) {
    // These were kept beyond the tidy, which frees the rest.
    tf.dispose([...gradients.values(), ...statistics.values()]);
    throw error;
  }
}

/** @param gradients, statistics Filled while the layers run, with tensors kept beyond the surrounding tidy. */
function segmentContexts(
  state: ModelState,
  momentum: number,
  gradients: Map<string, Tensor>,
  statistics: Map<string, Tensor>,
): (segment: Segment) => GradientContext {
  const parameter = state.parameters(state.optimizer.read());
  const batchStatistics: NonNullable<LayerContext['batchStatistics']> = {
    momentum,
    onRunningStatistics: (name, mean, variance) => {
      statistics.set(`${name}.running_mean`, tf.keep(mean));
      statistics.set(`${name}.running_var`, tf.keep(variance));
    },
  };
  const onGradient = (name: string, gradient: Tensor) => gradients.set(name, tf.keep(gradient));
  return ({ lrMultiplier, usesBatchStatistics }) => ({
    parameter,
    ...(usesBatchStatistics ? { batchStatistics } : {}),
    ...(lrMultiplier > 0 ? { onGradient } : {}),
  });
}
