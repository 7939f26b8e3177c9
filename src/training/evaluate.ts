import type { NetworkDefinition } from '../networks/network.js';
import { checkWeights, type Weights } from '../networks/weights.js';
import { tf } from './backend.js';
import { batchesOf } from './batch-order.js';
import { checkImages } from './check-images.js';
import { yieldToEventLoop } from './event-loop.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from './image-batches.js';
import { InferenceModel } from './inference-model.js';
import { type ClassificationMetrics, classificationMetrics } from './metrics.js';
import { TracedFunctions } from './traced-functions.js';

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
  const functions = new TracedFunctions();
  const layers = network.blocks.flatMap((block) => block.layers);
  const model = new InferenceModel(layers, functions);
  const source = imageSource(images, normalization);
  try {
    model.loadWeights(checkWeights(network, weights, classCount), classCount);
    return await score(model, source, classCount, batchSize);
  } finally {
    source.dispose();
    model.dispose();
    functions.dispose();
  }
}

/** Scores a loaded model, which gives logits; nothing of it changes. */
export async function score(
  model: InferenceModel,
  source: ExampleSource,
  classCount: number,
  batchSize: number,
): Promise<ClassificationMetrics> {
  const logits = await predictAll(model, source, batchSize);
  return classificationMetrics(logits, source.labels, classCount);
}

/** Runs a loaded model over all examples. @returns what it gives, row-major. */
async function predictAll(model: InferenceModel, source: ExampleSource, batchSize: number): Promise<Float32Array> {
  const outputs: Float32Array[] = [];
  for await (const input of source.read(batchesOf(Int32Array.from(source.labels.keys()), batchSize))) {
    const output = model.run(input);
    outputs.push(output.dataSync<'float32'>());
    tf.dispose([input, output]);
    await yieldToEventLoop();
  }
  return concatenate(outputs);
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
