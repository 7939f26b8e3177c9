import type { NetworkDefinition } from '../../networks/network.js';
import { checkWeights, type Weights } from '../../networks/weights.js';
import { predictedClasses } from './accumulate-metrics.js';
import { type Tensor, tf } from '../device/backend.js';
import { batchesOf, labelsOf } from '../examples/batch-order.js';
import { checkImages } from '../examples/check-images.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import { joinedGroups } from '../examples/held-examples.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from '../examples/image-batches.js';
import { InferenceModel } from '../model/inference-model.js';
import { MetricTotals } from './metric-totals.js';
import { addHeld } from './score-held.js';
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
  const batches = batchesOf(Int32Array.from(source.labels.keys()), batchSize);
  try {
    if (source.held !== undefined && predictions === undefined) {
      await addHeldBatches(totals, model, source.held, source.labels, batches);
    } else {
      await addBatches(totals, model, source, batches, predictions);
    }
    return totals.read();
  } finally {
    totals.dispose();
  }
}

async function addHeldBatches(
  totals: MetricTotals,
  model: InferenceModel,
  held: Tensor,
  allLabels: Int32Array,
  batches: readonly Int32Array[],
): Promise<void> {
  const labelled = batches.map((examples) => ({ examples, labels: labelsOf(examples, allLabels) }));
  for (const group of joinedGroups(labelled)) {
    addHeld(totals, model, held, group);
    await yieldToEventLoop();
  }
}

async function addBatches(
  totals: MetricTotals,
  model: InferenceModel,
  source: ExampleSource,
  batches: readonly Int32Array[],
  predictions: number[] | undefined,
): Promise<void> {
  let next = 0;
  for await (const input of source.read(batches)) {
    addBatch(totals, model, input, labelsOf(batches[next++] ?? [], source.labels), predictions);
    await yieldToEventLoop();
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
