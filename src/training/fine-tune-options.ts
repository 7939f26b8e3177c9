import { DomainError } from '../domain/errors.js';
import type { Objective } from '../domain/job/evaluation.js';
import type { Technique } from '../methods/method-table.js';
import { type HeadInit, trainsNothing } from '../methods/stage.js';
import { stagesOf } from '../methods/stages.js';
import type { NetworkDefinition } from '../networks/network.js';
import type { Weights } from '../networks/weights.js';
import { checkImages } from './examples/check-images.js';
import type { LearningRateSchedule } from './loop/learning-rate.js';
import type { LabelledImages, Normalization } from './examples/image-batches.js';
import type { OptimizerSettings } from './ops/update-rules.js';

/** One candidate and the protocol that it is trained by. */
export interface FineTuneOptions {
  readonly network: NetworkDefinition;
  /** The whole state in torch layout, whatever its classifier's class count; never changed. */
  readonly pretrained: Weights;
  readonly classCount: number;
  readonly normalization: Normalization;
  readonly train: LabelledImages;
  /** Absent where `stageEpochCounts` says how long the training lasts. */
  readonly validation?: LabelledImages;
  /**
   * The epochs of each stage, where none is validated: a stage has all of them, and its last one counts. A cosine that ends with
   * `epochCount` ends with the stage.
   */
  readonly stageEpochCounts?: readonly number[];
  /** One per block, input side first; 0 freezes the block. */
  readonly lrMultipliers: readonly number[];
  /** The indices of the blocks, of those that learn, whose norms and biases alone do; none when absent. */
  readonly normBlocks?: readonly number[];
  readonly technique: Technique;
  /** What BatchNorm of a frozen block uses: stored statistics, or the batch's, which also moves the stored ones. */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  readonly epochCount: number;
  /** What the best epoch is chosen by. */
  readonly objective: Objective;
  /** Epochs without a strictly better one after which training stops. */
  readonly patienceEpochs: number;
  readonly batchSize: number;
  /** The most examples that are in memory at a time; their gradients are added up; the whole batch when absent. */
  readonly microBatchSize?: number;
  readonly optimizer: OptimizerSettings;
  readonly baseLearningRate: number;
  readonly schedule: LearningRateSchedule;
  /** Steps at the start of each stage over which the learning rate climbs to that of its epoch; 0 for none. */
  readonly warmupStepCount: number;
  /** The share of each label that is spread over all classes, in [0, 1). */
  readonly labelSmoothing: number;
  /** BALANCED: the loss of a class counts in inverse proportion to its share of the training images. */
  readonly classWeighting: 'NONE' | 'BALANCED';
  /** The gradients of a step are together no longer than this; no bound when absent. */
  readonly gradientNormMax?: number;
  readonly headInit: HeadInit;
  /** Decides the fresh classifier, and how it is trained where `headInit` is PROBE. */
  readonly headSeed: number;
  /** Decides the order of the examples, and all that a technique draws. */
  readonly seed: number;
  /** Names `pretrained`, `train` and `validation`: for the same name they are the same. */
  readonly sourceKey: string;
}

/**
 * Refuses options that do not fit together.
 *
 * @throws {DomainError} INPUT_TOO_SMALL, FIELD_INVALID, CLASS_EMPTY, BATCH_TOO_LARGE, or NO_BLOCK_SELECTED when a stage
 *   would train nothing.
 * @throws {RangeError} when the training has neither validation images nor epochs for each stage, or both.
 */
export function checkFineTuneOptions(options: FineTuneOptions): void {
  const { network, classCount, train, validation, lrMultipliers, batchSize } = options;
  checkImages(train, network, classCount);
  if (validation !== undefined) checkImages(validation, network, classCount);
  checkEnd(options);
  checkTrainingSet(train.labels, classCount, batchSize);
  checkNormBlocks(options);
  const blockCount = network.blocks.length;
  if (lrMultipliers.length !== blockCount || lrMultipliers.some((factor) => !(factor >= 0 && factor < Infinity))) {
    throw new DomainError(
      'FIELD_INVALID',
      `lrMultipliers are ${lrMultipliers.join(', ')}; ${network.architecture} takes ${blockCount}, each 0 or more`,
      { lrMultipliers: lrMultipliers.join(', '), blockCount: String(blockCount) },
    );
  }
  if (stagesOf(options).some(trainsNothing)) {
    throw new DomainError('NO_BLOCK_SELECTED', 'every learning-rate multiplier is 0, so nothing would be trained');
  }
}

function checkNormBlocks({ lrMultipliers, normBlocks = [] }: FineTuneOptions): void {
  const canBeTuned = lrMultipliers.map((factor, block) => factor > 0 && block < lrMultipliers.length - 1);
  const wrong = normBlocks.find((block) => canBeTuned[block] !== true);
  if (wrong === undefined) return;
  throw new DomainError(
    'FIELD_INVALID',
    `normBlocks are ${normBlocks.join(', ')}; ${wrong} is none of the blocks before the last with a multiplier above 0: leave it out`,
    { normBlocks: normBlocks.join(', '), block: String(wrong) },
  );
}

/** What ends the training: validation images, or how many epochs it has. */
function checkEnd({ validation, stageEpochCounts, ...plan }: FineTuneOptions): void {
  if ((validation === undefined) === (stageEpochCounts === undefined)) {
    throw new RangeError('a training has validation images, or stageEpochCounts in place of them');
  }
  const stageCount = stagesOf(plan).length;
  if (stageEpochCounts !== undefined && stageEpochCounts.length !== stageCount) {
    throw new RangeError(`stageEpochCounts are ${stageEpochCounts.join(', ')}; the training has ${stageCount} stages`);
  }
}

function checkTrainingSet(labels: Int32Array, classCount: number, batchSize: number): void {
  const present = new Set(labels);
  const empty = Array.from({ length: classCount }, (_, index) => index).find((index) => !present.has(index));
  if (empty !== undefined) {
    throw new DomainError(
      'CLASS_EMPTY',
      `class ${empty} of ${classCount} has no training image, so nothing could be learnt of it; add images, or take a larger share of them (searchFraction)`,
      { classIndex: String(empty), classCount: String(classCount) },
    );
  }
  if (batchSize > labels.length) {
    throw new DomainError(
      'BATCH_TOO_LARGE',
      `batchSize is ${batchSize}, and there are ${labels.length} training images; choose ${labels.length} or less`,
      { batchSize: String(batchSize), imageCount: String(labels.length) },
    );
  }
}
