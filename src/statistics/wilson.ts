import { type Interval, NORMAL_97_5 } from './interval.js';

/**
 * The 95 % score interval of a proportion. It never collapses: with 12 of 12 it is [0.757, 1].
 *
 * @param rightCount At most `count`; means over trainings may lie between whole numbers.
 * @param count Above 0.
 * @see Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
 */
export function wilsonInterval(rightCount: number, count: number): Interval {
  const estimate = rightCount / count;
  const squared = NORMAL_97_5 ** 2;
  const middle = (rightCount + squared / 2) / (count + squared);
  const half = (NORMAL_97_5 * Math.sqrt(count * estimate * (1 - estimate) + squared / 4)) / (count + squared);
  // At the ends the bound is the estimate itself, but for rounding.
  return {
    estimate,
    lower: Math.max(0, Math.min(estimate, middle - half)),
    upper: Math.min(1, Math.max(estimate, middle + half)),
  };
}
