import { type Tensor, tf } from '../device/backend.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { type GradientContext, recordLayers } from './layer-gradients.js';
import { type LayerContext, runInTurn, runLayers } from './layer-run.js';
import type { ModelState, Segment } from './model-state.js';
import { recordChain } from './recording.js';
import { SharedStatistics } from './shared-statistics.js';

/** What a pass takes beside the model: tensors, since a trace would keep numbers. */
export interface PassInputs {
  /** float32, what the first segment takes */
  readonly input: Tensor;
  /** int32 [batch] */
  readonly labels: Tensor;
  /** The factor on the loss that `crossEntropy` takes. */
  readonly scale: Tensor;
  /** The weights of the classes that `crossEntropy` takes. */
  readonly classWeights?: Tensor;
}

/** The settings of a pass that a trace keeps. */
export interface PassSettings {
  readonly labelSmoothing: number;
  /** Share of the batch in the new running statistics: torch's momentum, 1 minus Keras's. */
  readonly batchNormMomentum: number;
}

/** What a pass found; all tensors are the caller's to dispose. */
export interface Pass {
  /** float32 [1 + segment count]: the mean loss, then the mean of each segment's output, which is finite if the output is. */
  readonly report: Tensor;
  /** The gradients of the trained parameters, by torch name, in TensorFlow's layout. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** Running statistics after the batch, of every BatchNorm that used batch statistics. */
  readonly statistics: ReadonlyMap<string, Tensor>;
}

/**
 * The loss of a batch and its gradients for the trained parameters alone: the frozen segments before the first trained
 * one run without keeping their activations, and no gradient is computed for them. Ops only, so that it can be traced.
 *
 * @throws {Error} when nothing is trained.
 */
export function forwardAndBackward(state: ModelState, inputs: PassInputs, settings: PassSettings): Pass {
  const firstTrained = state.segments.findIndex(({ lrMultiplier }) => lrMultiplier > 0);
  if (firstTrained < 0) throw new Error('no segment is trained');
  const gradients = new Map<string, Tensor>();
  const statistics = new Map<string, Tensor>();
  const context = segmentContexts(state, settings.batchNormMomentum, gradients, statistics);
  const means: Tensor[] = [];
  const features = runInTurn(state.segments.slice(0, firstTrained), inputs.input, (segment, value) => {
    const output = runLayers(segment.layers, value, context(segment));
    means.push(tf.mean(output));
    return output;
  });
  const steps = state.segments.slice(firstTrained).map((segment) => (value: Tensor) => {
    const recording = recordLayers(segment.layers, value, context(segment));
    means.push(tf.mean(recording.output));
    return recording;
  });
  const recording = recordChain(steps, features);
  const { loss, gradient } = crossEntropy({ ...inputs, logits: recording.output }, settings.labelSmoothing);
  recording.backward(gradient, false);
  return { report: tf.stack([loss, ...means]), gradients, statistics };
}

/** @param gradients, statistics Filled while the layers run. */
function segmentContexts(
  state: ModelState,
  momentum: number,
  gradients: Map<string, Tensor>,
  statistics: Map<string, Tensor>,
): (segment: Segment) => GradientContext {
  const trained = state.read();
  const parameter = state.parameters(trained);
  const batchStatistics: NonNullable<LayerContext['batchStatistics']> = {
    momentum,
    sharedStatistics: new SharedStatistics(),
    onRunningStatistics: (name, mean, variance) => {
      statistics.set(`${name}.running_mean`, mean);
      statistics.set(`${name}.running_var`, variance);
    },
  };
  const onGradient = (name: string, gradient: Tensor) => {
    for (const [variable, found] of state.variableGradients(name, gradient, trained)) gradients.set(variable, found);
  };
  const isFrozen = (name: string) => !state.isLearning(name);
  return ({ lrMultiplier, usesBatchStatistics }) => ({
    parameter,
    ...(usesBatchStatistics && { batchStatistics }),
    ...(lrMultiplier > 0 && { onGradient, isFrozen }),
  });
}
