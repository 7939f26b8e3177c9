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
  /** The indices of the blocks, of those that learn, whose norms and biases alone do; none when absent. */
  readonly normBlocks?: readonly number[];
  /** At most. */
  readonly epochCount: number;
  /** Whether the schedule begins anew; else it goes by the epochs of the whole training. */
  readonly restartsSchedule: boolean;
  /** Batches at the start of each epoch whose gradients are taken once more, without a step; none when absent. */
  readonly gradientPassBatchCount?: number;
  /** Whether BatchNorm of blocks that learn does what that of frozen blocks does. */
  readonly keepsBatchNormFrozen?: true;
  /**
   * Whether the stage only makes the head that the others begin with. It follows from the head's seed alone, and its best
   * epoch counts as one before the first of the next stage.
   */
  readonly isStart?: true;
}

/** What the head is when a training begins: drawn at random, or trained on the features of the pretrained network. */
export const HEAD_INITS = ['RANDOM', 'PROBE'] as const;
export type HeadInit = (typeof HEAD_INITS)[number];

/** The classifier alone, otherwise as a stage that trains blocks. */
export const probeOf = (blocks: Stage): Stage => ({ ...blocks, part: 'CLASSIFIER' });

/** How each block takes part in a stage that trains blocks, input side first. */
export const learningBlocks = ({ lrMultipliers, normBlocks = [] }: Pick<Stage, 'lrMultipliers' | 'normBlocks'>) =>
  lrMultipliers.map((lrMultiplier, block) => ({ lrMultiplier, learnsNormsOnly: normBlocks.includes(block) }));

/** Whether nothing would learn in a stage. */
export const trainsNothing = ({ part, lrMultipliers }: Stage): boolean =>
  (part === 'CLASSIFIER' ? lrMultipliers.slice(-1) : lrMultipliers).every((factor) => factor === 0);
