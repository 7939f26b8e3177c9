import { forwardCosts } from '../../cost/forward-costs.js';
import { trainingCost, type ImageCounts } from '../../cost/training-cost.js';
import type { StageRecord } from '../../training/loop/stage-record.js';

/** The multiply-accumulates of a training, from what its stages did. */
export function multiplyAccumulatesOf(
  stages: readonly StageRecord[],
  { imageSizePx, classCount }: { readonly imageSizePx: number; readonly classCount: number },
  images: ImageCounts,
): number {
  const counted = stages.map(({ parts, ...stage }) => {
    const costs = forwardCosts(
      parts.map(({ layers }) => layers),
      imageSizePx,
      classCount,
    );
    return {
      ...stage,
      parts: costs.map((cost, part) => ({ cost, isTrained: parts[part]?.isTrained === true })),
    };
  });
  return trainingCost(counted, images);
}
