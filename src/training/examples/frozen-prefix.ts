import type { Layer } from '../../networks/layers.js';
import type { Weights } from '../../networks/weights.js';
import { type Tensor, tf } from '../device/backend.js';
import { batchesOf } from './batch-order.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import type { ExampleSource } from './image-batches.js';
import { InferenceModel } from '../model/inference-model.js';
import type { CachedFeatures, FeaturesToCompute, PrefixCache } from './prefix-cache.js';
import type { RecordStore } from './record-store.js';
import type { TracedFunctions } from '../graph/traced-functions.js';

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
 * @param source Becomes the new source's, which disposes it; disposed if this fails.
 * @param key The key for `PrefixCache.features`; features are not kept without one, as for images that vary.
 */
export async function prefixSource(
  prefix: FrozenPrefix,
  source: ExampleSource,
  key: string | undefined,
  options: PrefixOptions,
): Promise<ExampleSource> {
  let model: InferenceModel | undefined;
  const load = () => {
    if (model !== undefined) return model;
    model = new InferenceModel(prefix.layers, options.functions);
    model.loadWeights(prefix.weights, prefix.classCount);
    return model;
  };
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
    source.dispose();
    throw error;
  }
}

/** One example is run to know the shape, and all of them when they are written. */
async function featuresOf(model: InferenceModel, source: ExampleSource, batchSize: number): Promise<FeaturesToCompute> {
  const all = Int32Array.from(source.labels.keys());
  let shape: readonly number[] = [];
  for await (const output of outputsOf(model, source, [all.subarray(0, 1)])) {
    shape = output.shape.slice(1);
    output.dispose();
  }
  const compute = async (records: RecordStore) => {
    for await (const output of outputsOf(model, source, batchesOf(all, batchSize))) {
      const values = output.dataSync<'float32'>();
      output.dispose();
      await records.append(values);
      await yieldToEventLoop();
    }
  };
  return { shape, exampleCount: all.length, compute };
}

/** What `model` makes of the examples; each batch is its consumer's to dispose. */
async function* outputsOf(
  model: InferenceModel,
  source: ExampleSource,
  batches: readonly Int32Array[],
  epoch?: number,
): AsyncGenerator<Tensor> {
  for await (const input of source.read(batches, epoch)) {
    let output: Tensor;
    try {
      output = model.run(input);
    } finally {
      input.dispose();
    }
    yield output;
  }
}

function computedSource(model: InferenceModel, source: ExampleSource): ExampleSource {
  return {
    labels: source.labels,
    read: (batches, epoch) => outputsOf(model, source, batches, epoch),
    dispose: () => {
      model.dispose();
      source.dispose();
    },
  };
}

function cachedSource({ shape, records, release }: CachedFeatures, labels: Int32Array): ExampleSource {
  return {
    labels,
    keptBytes: shape.reduce((product, length) => product * length, labels.length) * Float32Array.BYTES_PER_ELEMENT,
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
