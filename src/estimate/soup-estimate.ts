import type { ImageCounts } from '../cost/training-cost.js';
import { mean } from '../statistics/mean.js';
import type { NetworkCosts } from './training-estimate.js';

/**
 * Estimates the multiply-accumulates of one soup: each mean that is tried looks at all validation images, and where it has more
 * than one member its running statistics are taken from all training images, through the whole network.
 *
 * @param costs The network at each image size that the soup may have, which are equally likely.
 * @param memberCount The number of models that are averaged, at least 2.
 */
export function estimateSoup(costs: readonly NetworkCosts[], memberCount: number, images: ImageCounts): number {
  const imageCount = memberCount * images.validation + (memberCount - 1) * images.train;
  const forwards = costs.map(({ blocks }) => blocks.reduce((sum, { forward }) => sum + forward, 0));
  return mean(forwards) * imageCount;
}
