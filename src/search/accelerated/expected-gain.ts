import type { Expectation } from './surrogate.js';

/** Steps of the integral, and how many deviations below the best it begins. */
const STEP_COUNT = 200;
const REACH_DEVIATIONS = 5;

/**
 * How far the best of a batch is expected to lie below the best so far: E[max(0, best - min f)], of independent normal
 * fitnesses. It is the batch form of expected improvement (Mockus 1978; Jones, Schonlau and Welch 1998).
 *
 * @param best The lowest fitness so far.
 * @param batch What is expected of each candidate that would be tried.
 * @returns a difference of fitnesses, 0 or more; within 1 % where deviations are alike.
 */
export function expectedGain(best: number, batch: readonly Expectation[]): number {
  const lowest = Math.min(best, ...batch.map(({ fitness, deviation }) => fitness - REACH_DEVIATIONS * deviation));
  const step = (best - lowest) / STEP_COUNT;
  let gain = 0;
  // E[max(0, best - m)] is the integral of P(m < t) over t up to the best; the midpoint rule.
  for (let index = 0; index < STEP_COUNT; index += 1) gain += step * chanceBelow(lowest + (index + 0.5) * step, batch);
  return gain;
}

/** The chance that at least one of a batch lies below a level. */
function chanceBelow(level: number, batch: readonly Expectation[]): number {
  const noneBelow = batch.reduce(
    (chance, { fitness, deviation }) => chance * (1 - normalDistribution(level - fitness, deviation)),
    1,
  );
  return 1 - noneBelow;
}

function normalDistribution(distance: number, deviation: number): number {
  if (deviation === 0) return distance > 0 ? 1 : 0;
  return 0.5 * (1 + errorFunction(distance / deviation / Math.SQRT2));
}

/** Within 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.26. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const polynomial = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - polynomial * Math.exp(-x * x));
}
