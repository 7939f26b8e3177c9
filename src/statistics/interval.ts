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

/** With linear interpolation between two values: type 7 of Hyndman and Fan, as numpy has it. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)] ?? NaN, sorted[Math.ceil(position)] ?? NaN];
  return below + (position - Math.floor(position)) * (above - below);
}
