import type { Layer } from '../../networks/layers.js';
import type { FineTuneOptions } from '../fine-tune-options.js';

/**
 * A span of a training in which the same blocks learn. Each begins with a new optimizer, from the best weights of the one
 * before it, and stops early by its own epochs; the last one's best epoch is the training's.
 */
export interface Stage {
  /**
   * CLASSIFIER trains the classifier alone, with the last block's multiplier, on features for which BatchNorm uses stored
   * statistics, whatever `frozenBatchNorm` says.
   */
  readonly part: 'BLOCKS' | 'CLASSIFIER';
  /** One per block, input side first; 0 freezes the block. */
  readonly lrMultipliers: readonly number[];
  /** At most. */
  readonly epochCount: number;
  /** Whether the schedule begins anew; else it goes by the epochs of the whole training. */
  readonly restartsSchedule: boolean;
}

/** What a stage did: all that its cost follows from, beside the numbers of images. */
export interface StageRecord {
  /** Consecutive, input side first. Frozen layers whose features are kept are the first part, as one. */
  readonly parts: readonly { readonly layers: readonly Layer[]; readonly isTrained: boolean }[];
  /** Whether the first part need run only once over each training image, wherever a worker has room for what it gives. */
  readonly isPrefixCached: boolean;
  /** Each over all training and validation images. */
  readonly epochCount: number;
  /** Images of an epoch whose gradients were computed once more, without a step. */
  readonly gradientPassImageCount?: number;
}

/** What is trained one after the other; multipliers are those of the options where a block learns. */
export function stagesOf({
  technique,
  lrMultipliers,
  epochCount,
}: Pick<FineTuneOptions, 'technique' | 'lrMultipliers' | 'epochCount'>): Stage[] {
  const blocks: Stage = { part: 'BLOCKS', lrMultipliers, epochCount, restartsSchedule: true };
  const probe: Stage = { ...blocks, part: 'CLASSIFIER' };
  switch (technique.type) {
    case 'LINEAR_PROBE':
      return [probe];
    case 'LP_FT':
      return [probe, blocks];
    case 'GRADUAL_UNFREEZING':
      return [...unfreezing(lrMultipliers), blocks];
    default:
      return [blocks];
  }
}

/**
 * One epoch each with the last block that learns, the last two, and so on until one is left. The rate goes on falling from
 * epoch to epoch: ULMFiT (arXiv 1801.06146) has one schedule over all of them.
 */
function unfreezing(lrMultipliers: readonly number[]): Stage[] {
  const learning = [...lrMultipliers.keys()].filter((block) => (lrMultipliers[block] ?? 0) > 0);
  return learning
    .slice(1)
    .reverse()
    .map((first) => ({
      part: 'BLOCKS',
      lrMultipliers: lrMultipliers.map((factor, block) => (block < first ? 0 : factor)),
      epochCount: 1,
      restartsSchedule: false,
    }));
}
