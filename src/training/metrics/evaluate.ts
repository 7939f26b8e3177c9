import type { NetworkDefinition } from '../../networks/network.js';
import { checkWeights, type Weights } from '../../networks/weights.js';
import { predictedClasses } from './accumulate-metrics.js';
import { type Tensor, tf } from '../device/backend.js';
import { batchesOf } from '../examples/batch-order.js';
import { checkImages } from '../examples/check-images.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from '../examples/image-batches.js';
import { InferenceModel } from '../model/inference-model.js';
import { MetricTotals } from './metric-totals.js';
import type { ClassificationMetrics } from './metrics.js';
import { TracedFunctions } from '../graph/traced-functions.js';

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

/** How a model did, and what it said of each image. */
export interface Evaluation extends ClassificationMetrics {
  /** Class indices, one per image, in the order of the images. */
  readonly predictions: readonly number[];
}

/**
 * Scores a model on labelled images, every BatchNorm on its running statistics.
 *
 * @throws {DomainError} WEIGHTS_INVALID, INPUT_TOO_SMALL or FIELD_INVALID when the parts do not fit together.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { network, weights, classCount, normalization, images, batchSize } = options;
  checkImages(images, network, classCount);
  const functions = new TracedFunctions();
  const layers = network.blocks.flatMap((block) => block.layers);
  const model = new InferenceModel(layers, functions);
  const source = imageSource(images, normalization);
  try {
    model.loadWeights(checkWeights(network, weights, classCount), classCount);
    const predictions: number[] = [];
    const metrics = await score(model, source, { classCount, batchSize, functions, predictions });
    return { ...metrics, predictions };
  } finally {
    source.dispose();
    model.dispose();
    functions.dispose();
  }
}

/** What scoring needs beside model and examples. */
export interface ScoreOptions {
  readonly classCount: number;
  readonly batchSize: number;
  /** Stay the caller's. */
  readonly functions: TracedFunctions;
  /** Filled, when given, at the cost of a read per batch. */
  readonly predictions?: number[];
}

/** Scores a loaded model, which gives logits; nothing of it changes. */
export async function score(
  model: InferenceModel,
  source: ExampleSource,
  { classCount, batchSize, functions, predictions }: ScoreOptions,
): Promise<ClassificationMetrics> {
  const totals = new MetricTotals(classCount, functions);
  const all = Int32Array.from(source.labels.keys());
  let exampleCount = 0;
  try {
    for await (const input of source.read(batchesOf(all, batchSize))) {
      const labels = source.labels.subarray(exampleCount, exampleCount + input.shape[0]);
      exampleCount += labels.length;
      addBatch(totals, model, input, labels, predictions);
      await yieldToEventLoop();
    }
    return totals.read();
  } finally {
    totals.dispose();
  }
}

/** Takes over `input`. */
function addBatch(
  totals: MetricTotals,
  model: InferenceModel,
  input: Tensor,
  labels: Int32Array,
  predictions: number[] | undefined,
): void {
  const labelTensor = tf.tensor1d(labels, 'int32');
  const used = [input, labelTensor];
  try {
    const logits = model.run(input);
    used.push(logits);
    totals.add(logits, labelTensor);
    predictions?.push(...predictedClasses(logits));
  } finally {
    tf.dispose(used);
  }
}
