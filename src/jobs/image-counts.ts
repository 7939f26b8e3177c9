import type { ImageCounts } from '../cost/training-cost.js';
import type { DatasetVersion } from '../domain/dataset.js';

/** Training and validation images of one fold, the larger ones where they differ; of all for one fold. */
export function imageCounts({ classes }: Pick<DatasetVersion, 'classes'>, foldCount: number): ImageCounts {
  const count = (split: 'train' | 'validation') =>
    classes.reduce((sum, { imageCount }) => sum + Math.ceil(imageCount[split] / foldCount), 0);
  return { train: count('train'), validation: count('validation') };
}
