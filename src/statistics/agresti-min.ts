import { type Interval, NORMAL_97_5 } from './interval.js';

/**
 * How two methods do on the same images. On each, let d be the share of a's trainings that are right less that of b's: 1, 0 or
 * -1 with one training each.
 */
export interface PairedDifference {
  readonly imageCount: number;
  /** Σ d: with one training each the images that only a, less those that only b, is right on. */
  readonly sum: number;
  /** Σ d²: with one training each the images that exactly one is right on. */
  readonly squareSum: number;
}

/**
 * The 95 % interval of the difference of two proportions on the same images: Wald's, after half an image was added to each of
 * the four outcomes. Methods that agree on all of 12 images differ by 0, within [-0.14, 0.14].
 *
 * The interval of means over trainings is the same: Wald's variance is that of d whatever its values are.
 *
 * @see Agresti and Min, Simple improved confidence intervals for comparing matched proportions, Statistics in Medicine 24 (2005).
 */
export function agrestiMinInterval({ imageCount, sum, squareSum }: PairedDifference): Interval {
  const estimate = sum / imageCount;
  const count = imageCount + 2;
  const half = (NORMAL_97_5 * Math.sqrt(squareSum + 1 - sum ** 2 / count)) / count;
  return {
    estimate,
    lower: Math.max(-1, Math.min(estimate, sum / count - half)),
    upper: Math.min(1, Math.max(estimate, sum / count + half)),
  };
}
