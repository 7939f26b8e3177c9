import type { SearchSpace } from '../domain/job/search-space.js';
import type { TrialSettings } from '../domain/job/trial.js';

/**
 * Settings over which the mean cost is that of the space: each image size with each augmentation, which says whether frozen
 * blocks are computed once, at the middle of the range of epochs, in which the cost is linear. The other settings cost nothing.
 *
 * @returns one without settings for a space that leaves none of these open.
 */
export function settingsOfMeanCost({ imageSizePx, augmentation, epochCount }: SearchSpace): TrialSettings[] {
  const epochs = epochCount && { epochCount: Math.round((epochCount.min + epochCount.max) / 2) };
  const sizes = imageSizePx.length > 0 ? imageSizePx.map((size) => ({ imageSizePx: size })) : [{}];
  const variations = augmentation.length > 0 ? augmentation.map((choice) => ({ augmentation: choice })) : [{}];
  return sizes.flatMap((size) => variations.map((variation) => ({ ...epochs, ...size, ...variation })));
}
