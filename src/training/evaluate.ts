import type { NetworkDefinition } from '../networks/network.js';
import { checkWeights, type Weights } from '../networks/weights.js';
import { type Tensor, tf } from './backend.js';
import { batchesOf } from './batch-order.js';
import { checkImages } from './check-images.js';
import { yieldToEventLoop } from './event-loop.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from './image-batches.js';
import { runSegments } from './layer-run.js';
import { MetricTotals } from './metric-totals.js';
import type { ClassificationMetrics } from './metrics.js';
import { ModelState, type Segment } from './model-state.js';

/** A model and the images to score it on. */
export interface EvaluateOptions {
  readonly network: NetworkDefinition;
  /** The whole state, in torch layout, with a classifier of `classCount` classes. */
  readonly weights: Weights;
  readonly classCount: number;
  readonly normalization: Normalization;
  readonly images: LabelledImages;
  readonly batchSize: number;
}

/**
 * Scores a model on labelled images, every BatchNorm on its running statistics.
 *
 * @throws DomainError WEIGHTS_INVALID, INPUT_TOO_SMALL or FIELD_INVALID when the parts do not fit together.
 */
export async function evaluate(options: EvaluateOptions): Promise<ClassificationMetrics> {
  const { network, weights, classCount, normalization, images, batchSize } = options;
  checkImages(images, network, classCount);
  const segments = network.blocks.map(({ layers }) => ({ layers, lrMultiplier: 0, usesBatchStatistics: false }));
  const state = new ModelState(segments, checkWeights(network, weights, classCount), classCount);
  const source = imageSource(images, normalization);
  try {
    return await score(state, source, classCount, batchSize);
  } finally {
    source.dispose();
    state.dispose();
  }
}

/** Scores the model in its present state; nothing of it changes. */
export async function score(
  state: ModelState,
  source: ExampleSource,
  classCount: number,
  batchSize: number,
): Promise<ClassificationMetrics> {
  const totals = new MetricTotals(classCount, state.functions);
  let exampleCount = 0;
  try {
    for await (const input of source.read(batchesInOrder(source, batchSize))) {
      const labels = source.labels.subarray(exampleCount, exampleCount + input.shape[0]);
      exampleCount += labels.length;
      addBatch(totals, state, input, labels);
      await yieldToEventLoop();
    }
    return totals.read();
  } finally {
    totals.dispose();
  }
}

/** Takes over `input`. */
function addBatch(totals: MetricTotals, state: ModelState, input: Tensor, labels: Int32Array): void {
  const labelTensor = tf.tensor1d(labels, 'int32');
  const used = [input, labelTensor];
  try {
    const logits = predict(state, input);
    used.push(logits);
    totals.add(logits, labelTensor);
  } finally {
    tf.dispose(used);
  }
}

/**
 * Runs a model over all examples, every BatchNorm on its running statistics.
 *
 * @returns What the last segment gives, row-major, and the shape of one example of it.
 */
export async function predictAll(
  state: ModelState,
  source: ExampleSource,
  batchSize: number,
): Promise<{ data: Float32Array; exampleShape: number[] }> {
  const outputs: Float32Array[] = [];
  let exampleShape: number[] = [];
  for await (const input of source.read(batchesInOrder(source, batchSize))) {
    const output = predict(state, input);
    exampleShape = output.shape.slice(1);
    outputs.push(output.dataSync<'float32'>());
    tf.dispose([input, output]);
    await yieldToEventLoop();
  }
  return { data: concatenate(outputs), exampleShape };
}

/** One batch through all segments; the caller disposes the result. */
export function predict(state: ModelState, input: Tensor): Tensor {
  const [output] = state.functions.run('predict', [input, ...state.tensors], () => {
    const context = { parameter: state.parameters(state.optimizer.read()) };
    return [runSegments<Segment>(state.segments, input, () => context)];
  });
  if (output === undefined) throw new Error('the model returned nothing');
  return output;
}

const batchesInOrder = ({ labels }: ExampleSource, batchSize: number) =>
  batchesOf(Int32Array.from(labels.keys()), batchSize);

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
