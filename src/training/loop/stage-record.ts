import type { Layer } from '../../networks/layers.js';

/** What a stage did: all that its cost follows from, beside the numbers of images. */
export interface StageRecord {
  /** Consecutive, input side first. Frozen layers whose features are kept are the first part, as one. */
  readonly parts: readonly {
    readonly layers: readonly Layer[];
    readonly isTrained: boolean;
    /** As `Segment.learnsNormsOnly`. */
    readonly learnsNormsOnly?: boolean;
  }[];
  /** Whether the first part need run only once over each training image, wherever a worker has room for what it gives. */
  readonly isPrefixCached: boolean;
  /** Each over all training and validation images. */
  readonly epochCount: number;
  /** Images of an epoch whose gradients were computed once more, without a step. */
  readonly gradientPassImageCount?: number;
}
