import { mean } from '../statistics/mean.js';
import type { NetworkCosts } from './training-estimate.js';

/**
 * Estimates the multiply-accumulates of one soup: each mean that is tried looks at all validation images.
 *
 * @param costs The network at each image size that the soup may have, which are equally likely.
 * @param memberCount The number of models that are averaged, at least 2.
 * @param validationCount The number of validation images.
 */
export function estimateSoup(costs: readonly NetworkCosts[], memberCount: number, validationCount: number): number {
  const forwards = costs.map(({ blocks }) => blocks.reduce((sum, { forward }) => sum + forward, 0));
  return mean(forwards) * memberCount * validationCount;
}
