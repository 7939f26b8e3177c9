import { DomainError } from '../domain/errors.js';
import type { NetworkDefinition } from '../networks/network.js';
import type { Weights } from '../networks/weights.js';
import { checkImages } from './check-images.js';
import type { LabelledImages, Normalization } from './image-batches.js';

/** One candidate and the protocol that it is trained by. */
export interface FineTuneOptions {
  readonly network: NetworkDefinition;
  /** The whole state in torch layout, whatever its classifier's class count; never changed. */
  readonly pretrained: Weights;
  readonly classCount: number;
  readonly normalization: Normalization;
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  /** One per block, input side first; 0 freezes the block. */
  readonly lrMultipliers: readonly number[];
  /** CLASSIFIER trains the classifier alone, with the last block's multiplier, on features that are computed once. */
  readonly trainedPart: 'BLOCKS' | 'CLASSIFIER';
  /** What BatchNorm of a frozen block uses: stored statistics, or the batch's, which also moves the stored ones. */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  readonly epochCount: number;
  /** Epochs without a strictly better validation macro-accuracy after which training stops. */
  readonly patienceEpochs: number;
  readonly batchSize: number;
  readonly baseLearningRate: number;
  /** Epochs over which the rate falls to 0 along half a cosine. */
  readonly cosineEpochCount: number;
  /** Decides the fresh classifier and the order of the examples. */
  readonly seed: number;
}

/**
 * Refuses options that do not fit together.
 *
 * @throws DomainError INPUT_TOO_SMALL, FIELD_INVALID, or NO_BLOCK_SELECTED when all multipliers are 0.
 */
export function checkFineTuneOptions({
  network,
  classCount,
  train,
  validation,
  lrMultipliers,
  trainedPart,
}: FineTuneOptions): void {
  checkImages(train, network, classCount);
  checkImages(validation, network, classCount);
  const blockCount = network.blocks.length;
  if (lrMultipliers.length !== blockCount || lrMultipliers.some((factor) => !(factor >= 0 && factor < Infinity))) {
    throw new DomainError(
      'FIELD_INVALID',
      `lrMultipliers are ${lrMultipliers.join(', ')}; ${network.architecture} takes ${blockCount}, each 0 or more`,
      { lrMultipliers: lrMultipliers.join(', '), blockCount: String(blockCount) },
    );
  }
  const effective = trainedPart === 'CLASSIFIER' ? lrMultipliers.slice(-1) : lrMultipliers;
  if (effective.every((factor) => factor === 0)) {
    throw new DomainError('NO_BLOCK_SELECTED', 'every learning-rate multiplier is 0, so nothing would be trained');
  }
}
