import { type Interval, NORMAL_97_5 } from './interval.js';

/** How two methods do on the same images. Means over trainings may lie between whole numbers. */
export interface PairedCounts {
  readonly imageCount: number;
  /** Images on which only the one, or only the other, is right. */
  readonly onlyA: number;
  readonly onlyB: number;
}

/**
 * The 95 % interval of the difference of two proportions on the same images: Wald's, after half an image was added to each of
 * the four outcomes. Methods that agree on all of 12 images differ by 0, within [-0.14, 0.14].
 *
 * @see Agresti and Min, Simple improved confidence intervals for comparing matched proportions, Statistics in Medicine 24 (2005).
 */
export function agrestiMinInterval({ imageCount, onlyA, onlyB }: PairedCounts): Interval {
  const estimate = (onlyA - onlyB) / imageCount;
  const count = imageCount + 2;
  const middle = (onlyA - onlyB) / count;
  const half = (NORMAL_97_5 * Math.sqrt(onlyA + onlyB + 1 - (onlyA - onlyB) ** 2 / count)) / count;
  return {
    estimate,
    lower: Math.max(-1, Math.min(estimate, middle - half)),
    upper: Math.min(1, Math.max(estimate, middle + half)),
  };
}
