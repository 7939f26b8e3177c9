import type { Layer } from '../networks/layers.js';
import type { Weights } from '../networks/weights.js';
import { tf } from './backend.js';
import { batchesOf } from './batch-order.js';
import { yieldToEventLoop } from './event-loop.js';
import type { ExampleSource } from './image-batches.js';
import { InferenceModel } from './inference-model.js';
import type { CachedFeatures, FeaturesToCompute, PrefixCache } from './prefix-cache.js';
import type { RecordStore } from './record-store.js';
import type { TracedFunctions } from './traced-functions.js';

/** The layers before the first that learns, where nothing about them changes during a training. */
export interface FrozenPrefix {
  readonly layers: readonly Layer[];
  readonly weights: Weights;
  readonly classCount: number;
}

/** What a prefix needs to become a source of examples. */
export interface PrefixOptions {
  readonly functions: TracedFunctions;
  readonly cache: PrefixCache;
  readonly batchSize: number;
}

/**
 * Turns images into the features that the rest of the network takes: once, if they fit into the cache, else batch by batch.
 *
 * @param source Becomes the new source's, which disposes it.
 * @param key As `PrefixCache.features` takes it; features are not kept without one, as for images that vary.
 */
export async function prefixSource(
  prefix: FrozenPrefix,
  source: ExampleSource,
  key: string | undefined,
  options: PrefixOptions,
): Promise<ExampleSource> {
  let model: InferenceModel | undefined;
  const load = () => (model ??= loadedModel(prefix, options.functions));
  try {
    const cached =
      key === undefined
        ? undefined
        : await options.cache.features(key, () => featuresOf(load(), source, options.batchSize));
    if (cached === undefined) return computedSource(load(), source);
    model?.dispose();
    source.dispose();
    return cachedSource(cached, source.labels);
  } catch (error) {
    model?.dispose();
    throw error;
  }
}

function loadedModel({ layers, weights, classCount }: FrozenPrefix, functions: TracedFunctions): InferenceModel {
  const model = new InferenceModel(layers, functions);
  model.loadWeights(weights, classCount);
  return model;
}

/** The first batch is run to know the shape, and the others when they are written. */
async function featuresOf(model: InferenceModel, source: ExampleSource, batchSize: number): Promise<FeaturesToCompute> {
  const batches = outputsOf(model, source, batchSize);
  const first = await batches.next();
  if (first.done === true) throw new Error('there is no example');
  const compute = async (records: RecordStore) => {
    await records.append(first.value.values);
    for await (const { values } of batches) await records.append(values);
  };
  return { shape: first.value.shape, exampleCount: source.labels.length, compute };
}

async function* outputsOf(model: InferenceModel, source: ExampleSource, batchSize: number) {
  const all = Int32Array.from(source.labels.keys());
  for await (const input of source.read(batchesOf(all, batchSize))) {
    const output = model.run(input);
    const values = output.dataSync<'float32'>();
    tf.dispose([input, output]);
    yield { values, shape: output.shape.slice(1) };
    await yieldToEventLoop();
  }
}

function computedSource(model: InferenceModel, source: ExampleSource): ExampleSource {
  return {
    labels: source.labels,
    read: async function* (batches, epoch) {
      for await (const input of source.read(batches, epoch)) {
        const output = model.run(input);
        input.dispose();
        yield output;
      }
    },
    dispose: () => {
      model.dispose();
      source.dispose();
    },
  };
}

function cachedSource({ shape, records, release }: CachedFeatures, labels: Int32Array): ExampleSource {
  return {
    labels,
    read: async function* (batches) {
      let next = 0;
      for await (const values of records.read(batches)) {
        const exampleCount = batches[next++]?.length ?? 0;
        yield tf.tensor(values, [exampleCount, ...shape], 'float32');
      }
    },
    dispose: release,
  };
}
