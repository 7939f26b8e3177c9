import { mean } from './mean.js';

/** The 97.5th percentile of the normal distribution: two-sided 95 %. */
export const NORMAL_97_5 = 1.959964;

/** A figure, and between what it lies with 95 % confidence. */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * The percentile interval: between the 2.5th and the 97.5th percentile of the resampled values.
 *
 * @see Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.
 */
export function percentileInterval(estimate: number, resampled: readonly number[]): Interval {
  const sorted = Float64Array.from(resampled).sort();
  return { estimate, lower: quantile(sorted, 0.025), upper: quantile(sorted, 0.975) };
}

/** The interval that holds both; its estimate is that of the first. */
export function hull(a: Interval, b: Interval): Interval {
  return { estimate: a.estimate, lower: Math.min(a.lower, b.lower), upper: Math.max(a.upper, b.upper) };
}

/**
 * The interval of the mean of independent figures, from the interval of each: their distances to the bounds add up like
 * deviations, in squares.
 *
 * @param intervals At least one.
 * @see Zou and Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27 (2008): MOVER.
 */
export function meanInterval(intervals: readonly Interval[]): Interval {
  const distance = (values: readonly number[]) => Math.hypot(...values) / values.length;
  const estimate = mean(intervals.map((interval) => interval.estimate));
  return {
    estimate,
    lower: estimate - distance(intervals.map((interval) => interval.estimate - interval.lower)),
    upper: estimate + distance(intervals.map((interval) => interval.upper - interval.estimate)),
  };
}

/** The quantile with linear interpolation between two values: type 7 of Hyndman and Fan, as numpy has it. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)] ?? NaN, sorted[Math.ceil(position)] ?? NaN];
  return below + (position - Math.floor(position)) * (above - below);
}
