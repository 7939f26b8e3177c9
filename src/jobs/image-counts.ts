import type { ImageCounts } from '../cost/training-cost.js';
import type { DatasetVersion } from '../domain/dataset.js';
import type { EvaluationConfig } from '../domain/evaluation.js';

/** Training and validation images of one fold, the larger ones where they differ; of all for one fold. */
export function imageCounts({ classes }: Pick<DatasetVersion, 'classes'>, foldCount: number): ImageCounts {
  const count = (split: 'train' | 'validation') =>
    classes.reduce((sum, { imageCount }) => sum + Math.ceil(imageCount[split] / foldCount), 0);
  return { train: count('train'), validation: count('validation') };
}

/**
 * By how much one validation image of a fold moves a figure, at the most: one of all, or for a mean over classes one of the
 * smallest class.
 */
export function imageStep(
  { classes }: Pick<DatasetVersion, 'classes'>,
  foldCount: number,
  fitness: EvaluationConfig['fitness'],
): number {
  // The last fold is the smallest.
  const counts = classes.map(({ imageCount }) => Math.max(1, Math.floor(imageCount.validation / foldCount)));
  if (fitness === 'ACCURACY') return 1 / counts.reduce((sum, count) => sum + count, 0);
  return 1 / Math.min(...counts) / classes.length;
}
