import { cutOf } from '../../methods/cut.js';
import type { Stage } from '../../methods/stage.js';
import type { Layer } from '../../networks/layers.js';
import { type NetworkDefinition, splitAtClassifier } from '../../networks/network.js';
import { hasRunningStatistics } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { type FrozenPrefix, prefixSource } from '../examples/frozen-prefix.js';
import { heldExamples } from '../examples/held-examples.js';
import { type ExampleSource, imageSource, type LabelledImages } from '../examples/image-batches.js';
import { InferenceModel } from '../model/inference-model.js';
import { blockSegments, ModelState, type Segment } from '../model/model-state.js';
import { PrefixCache } from '../examples/prefix-cache.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { SharedHeads } from './shared-heads.js';
import type { StageRecord } from './stage-record.js';

/** What trainings of one process share. */
export interface SharedParts {
  readonly functions: TracedFunctions;
  readonly cache: PrefixCache;
  readonly heads: SharedHeads;
}

/** What an epoch loop needs, whatever is trained. Dispose it. */
export interface PreparedTraining {
  readonly functions: TracedFunctions;
  readonly state: ModelState;
  /** The state's layers for validation; load it before each pass. */
  readonly inference: InferenceModel;
  readonly train: ExampleSource;
  /** Absent where nothing is validated. */
  readonly validation?: ExampleSource;
  /** The parts that `StageRecord` reports. */
  readonly parts: StageRecord['parts'];
  readonly isPrefixCached: boolean;
  readonly dispose: () => void;
}

/** Keeps features while one training lasts. */
const OWN_CACHE_BYTES_MAX = 512 * 1024 ** 2;

/** Shared parts for one training alone. */
export function ownParts(): SharedParts & { readonly dispose: () => void } {
  const parts = {
    functions: new TracedFunctions(),
    cache: new PrefixCache({ memoryBytesMax: OWN_CACHE_BYTES_MAX }),
    heads: new SharedHeads(),
  };
  return { ...parts, dispose: () => [parts.cache, parts.functions].forEach((part) => part.dispose()) };
}

/**
 * Puts on the device what is trained, and what it is trained on: images, or, where the blocks before the first that learns
 * do not change, the features that those give.
 *
 * @param start The whole state; no stage before this one changed the blocks before its first that learns.
 */
export async function prepareTraining(
  options: FineTuneOptions,
  stage: Stage,
  start: Weights,
  shared: SharedParts,
): Promise<PreparedTraining> {
  const { prefix, segments, isPrefixCached } = layersOf(options, stage);
  const frozen = { layers: prefix, weights: start, classCount: options.classCount };
  const made: { dispose: () => void }[] = [];
  const keep = <T extends { dispose: () => void }>(part: T): T => {
    made.push(part);
    return part;
  };
  const dispose = () => made.forEach((part) => part.dispose());
  try {
    // A step of the classifier alone takes less than the way of its examples to the device.
    const heldIfShort = (source: ExampleSource) => (stage.part === 'CLASSIFIER' ? heldExamples(source) : source);
    const examples = async (set: 'train' | 'validation', images: LabelledImages) =>
      keep(await heldIfShort(await examplesOf({ set, images }, frozen, options, shared)));
    const train = await examples('train', options.train);
    const validation = options.validation && (await examples('validation', options.validation));
    const { optimizer, classCount, technique, seed } = options;
    const { functions } = shared;
    const state = keep(new ModelState(segments, start, classCount, { optimizer, technique, seed, functions }));
    const layers = segments.flatMap((segment) => segment.layers);
    const inference = keep(new InferenceModel(layers, functions));
    const parts = partsOf(prefix, segments);
    const sources = { train, ...(validation !== undefined && { validation }) };
    return { functions, state, inference, ...sources, parts, isPrefixCached, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A network's layers, on both sides of a stage's cut. */
interface CutLayers {
  readonly prefix: readonly Layer[];
  readonly segments: readonly Segment[];
  readonly isPrefixCached: boolean;
}

function layersOf({ network, frozenBatchNorm, train }: FineTuneOptions, stage: Stage): CutLayers {
  const { blocks } = network;
  const hasBatchNorm = blocks.map(({ layers }) => hasRunningStatistics(layers));
  const imagesVary = train.isAugmented;
  const { prefixEnd, isPrefixCached } = cutOf(stage, { hasBatchNorm, frozenBatchNorm, imagesVary });
  if (prefixEnd === 'CLASSIFIER') {
    const { features, head } = splitAtClassifier(network);
    const lrMultiplier = stage.lrMultipliers.at(-1) ?? 0;
    const segment = { id: blocks.at(-1)?.id ?? '', layers: head, lrMultiplier, usesBatchStatistics: false };
    return {
      prefix: [...blocks.slice(0, -1).flatMap(({ layers }) => layers), ...features],
      segments: [segment],
      isPrefixCached,
    };
  }
  const segments = segmentsOf(network, stage, frozenBatchNorm);
  return {
    prefix: segments.slice(0, prefixEnd).flatMap(({ layers }) => layers),
    segments: segments.slice(prefixEnd),
    isPrefixCached,
  };
}

function segmentsOf(
  network: NetworkDefinition,
  { lrMultipliers, normBlocks, keepsBatchNormFrozen }: Stage,
  frozenBatchNorm: FineTuneOptions['frozenBatchNorm'],
): Segment[] {
  const segments = blockSegments(network, lrMultipliers, frozenBatchNorm, normBlocks);
  if (keepsBatchNormFrozen !== true) return segments;
  return segments.map((segment) => ({ ...segment, usesBatchStatistics: frozenBatchNorm === 'TRAIN' }));
}

function partsOf(prefix: readonly Layer[], segments: readonly Segment[]): StageRecord['parts'] {
  const rest = segments.map(({ layers, lrMultiplier, learnsNormsOnly = false }) => ({
    layers,
    isTrained: lrMultiplier > 0,
    ...(learnsNormsOnly && { learnsNormsOnly }),
  }));
  return prefix.length === 0 ? rest : [{ layers: prefix, isTrained: false }, ...rest];
}

function examplesOf(
  { set, images }: { readonly set: 'train' | 'validation'; readonly images: LabelledImages },
  prefix: FrozenPrefix,
  options: FineTuneOptions,
  { functions, cache }: SharedParts,
): Promise<ExampleSource> {
  const { normalization, sourceKey, network } = options;
  const batchSize = options.microBatchSize ?? options.batchSize;
  const source = imageSource(images, normalization);
  if (prefix.layers.length === 0) return Promise.resolve(source);
  const key = JSON.stringify([sourceKey, set, network.architecture, prefix.layers.length, normalization, batchSize]);
  return prefixSource(prefix, source, images.isAugmented ? undefined : key, { functions, cache, batchSize });
}
