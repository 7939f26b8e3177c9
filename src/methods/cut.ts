import type { Stage } from './stage.js';

/** What a network and a job's protocol say of blocks that do not learn. */
export interface CutFacts {
  /** Per block, input side first, whether it has running statistics. */
  readonly hasBatchNorm: readonly boolean[];
  /** What BatchNorm of a frozen block uses: stored statistics, or the batch's, which also moves the stored ones. */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  /** Whether training images differ from epoch to epoch. */
  readonly imagesVary: boolean;
}

/** Where the layers end that nothing changes while a stage trains: the prefix. */
export interface Cut {
  /** The first block behind the prefix, 0 where there is none; or CLASSIFIER, which is the last block's. */
  readonly prefixEnd: number | 'CLASSIFIER';
  /** Whether the prefix need run only once over each image. */
  readonly isPrefixCached: boolean;
}

/**
 * Cuts a network for a stage: what is left of it learns, or changes in another way while it is trained.
 *
 * @throws {RangeError} When the stage trains no block.
 */
export function cutOf(
  { part, lrMultipliers }: Pick<Stage, 'part' | 'lrMultipliers'>,
  { hasBatchNorm, frozenBatchNorm, imagesVary }: CutFacts,
): Cut {
  if (part === 'CLASSIFIER') return { prefixEnd: part, isPrefixCached: !imagesVary };
  const firstTrained = lrMultipliers.findIndex((factor) => factor > 0);
  if (firstTrained < 0) throw new RangeError(`none of ${lrMultipliers.length} blocks is trained`);
  const isFixed = frozenBatchNorm === 'EVAL' || !hasBatchNorm.slice(0, firstTrained).includes(true);
  const prefixEnd = isFixed ? firstTrained : 0;
  return { prefixEnd, isPrefixCached: prefixEnd > 0 && !imagesVary };
}
