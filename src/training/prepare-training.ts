import { splitAtClassifier } from '../networks/network.js';
import type { Weights } from '../networks/weights.js';
import { tf } from './backend.js';
import { predictAll } from './evaluate.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { type ExampleSource, featureSource, imageSource, type LabelledImages } from './image-batches.js';
import { ModelState, type Segment } from './model-state.js';

/** What an epoch loop needs, whichever part is trained. Dispose it. */
export interface PreparedTraining {
  readonly state: ModelState;
  readonly train: ExampleSource;
  readonly validation: ExampleSource;
  readonly dispose: () => void;
}

/** Puts on the device what is trained, and what it is trained on: images for blocks, cached features for a classifier. */
export function prepareTraining(options: FineTuneOptions, start: Weights): Promise<PreparedTraining> {
  return options.trainedPart === 'CLASSIFIER'
    ? prepareClassifier(options, start)
    : Promise.resolve(prepareBlocks(options, start));
}

function prepareBlocks(options: FineTuneOptions, start: Weights): PreparedTraining {
  const { network, lrMultipliers, frozenBatchNorm, normalization, classCount } = options;
  const segments = network.blocks.map(({ layers }, index): Segment => {
    const lrMultiplier = lrMultipliers[index] ?? 0;
    return { layers, lrMultiplier, usesBatchStatistics: lrMultiplier > 0 || frozenBatchNorm === 'TRAIN' };
  });
  const train = imageSource(options.train, normalization);
  const validation = imageSource(options.validation, normalization);
  return prepared(new ModelState(segments, start, classCount), train, validation);
}

async function prepareClassifier(options: FineTuneOptions, start: Weights): Promise<PreparedTraining> {
  const { network, lrMultipliers, classCount } = options;
  const { features, head } = splitAtClassifier(network);
  const frozen = [...network.blocks.slice(0, -1).map(({ layers }) => layers), features];
  const extractor = new ModelState(
    frozen.map((layers) => ({ layers, lrMultiplier: 0, usesBatchStatistics: false })),
    start,
    classCount,
  );
  const made: ExampleSource[] = [];
  try {
    const train = await cachedFeatures(extractor, options.train, options);
    made.push(train);
    const validation = await cachedFeatures(extractor, options.validation, options);
    const segment = { layers: head, lrMultiplier: lrMultipliers.at(-1) ?? 0, usesBatchStatistics: false };
    return prepared(new ModelState([segment], start, classCount), train, validation);
  } catch (error) {
    for (const source of made) source.dispose();
    throw error;
  } finally {
    extractor.dispose();
  }
}

async function cachedFeatures(
  extractor: ModelState,
  images: LabelledImages,
  { normalization, batchSize }: FineTuneOptions,
): Promise<ExampleSource> {
  const source = imageSource(images, normalization);
  try {
    const { data, exampleShape } = await predictAll(extractor, source, batchSize);
    return featureSource(tf.tensor(data, [images.labels.length, ...exampleShape], 'float32'), images.labels);
  } finally {
    source.dispose();
  }
}

function prepared(state: ModelState, train: ExampleSource, validation: ExampleSource): PreparedTraining {
  return {
    state,
    train,
    validation,
    dispose: () => {
      for (const part of [state, train, validation]) part.dispose();
    },
  };
}
