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
 * The interval, made as wide as `least` where that is wider: on each side its bound is at least as far from the estimate. It
 * ends where the figure's range does.
 *
 * The last argument is the smallest and the largest value that the figure can have.
 */
export function noNarrowerThan(
  least: Interval,
  { estimate, lower, upper }: Interval,
  [smallest, largest]: readonly [number, number],
): Interval {
  return {
    estimate,
    lower: Math.max(smallest, Math.min(lower, estimate - (least.estimate - least.lower))),
    upper: Math.min(largest, Math.max(upper, estimate + (least.upper - least.estimate))),
  };
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
