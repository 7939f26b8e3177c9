import { NORMAL_97_5 } from './interval.js';

/** The pieces of Simpson's rule. The error of a quantile is below 1e-6 with these and `LARGE_FREEDOM`. */
const PIECE_COUNT = 200;
/** From here on the quantile is the normal one to 3e-8. */
const LARGE_FREEDOM = 1e8;
/** Newton's steps: eight reach the quantile of one degree of freedom, which is the farthest. */
const STEP_COUNT = 12;

/**
 * The 97.5th percentile of Student's t, two-sided 95 %, accurate to 1e-6: 12.706 for one degree of freedom, 1.96 for
 * infinitely many.
 *
 * It solves P(|T| ≤ t) = 0.95 by Newton's steps from the normal quantile. That lies below all solutions, and P is concave
 * in t, so the steps climb and never pass the solution.
 *
 * @param freedom At least 1, whole or not, as Satterthwaite's are not.
 */
export function tQuantile(freedom: number): number {
  if (freedom >= LARGE_FREEDOM) return NORMAL_97_5;
  const density = densityOf(freedom);
  let quantile = NORMAL_97_5;
  for (let step = 0; step < STEP_COUNT; step++) {
    quantile += (0.475 - simpson(density, quantile)) / density(quantile);
  }
  return quantile;
}

/** Student's density Γ((ν + 1) / 2) / (√(νπ) Γ(ν / 2)) · (1 + t² / ν)^(-(ν + 1) / 2). */
function densityOf(freedom: number): (t: number) => number {
  const peak = gammaRatio(freedom / 2) / Math.sqrt(freedom * Math.PI);
  return (t) => peak * Math.exp((-(freedom + 1) / 2) * Math.log1p(t ** 2 / freedom));
}

/** The integral of `density` from 0 to `end`. */
function simpson(density: (t: number) => number, end: number): number {
  const width = end / PIECE_COUNT;
  let sum = density(0) + density(end);
  for (let piece = 1; piece < PIECE_COUNT; piece++) sum += (piece % 2 === 1 ? 4 : 2) * density(piece * width);
  return (sum * width) / 3;
}

/**
 * Γ(x + 1/2) / Γ(x), to 1e-9.
 *
 * @see Tricomi and Erdélyi, Pacific Journal of Mathematics 1 (1951): the expansion for large x.
 */
function gammaRatio(x: number): number {
  if (x < 20) return (gammaRatio(x + 1) * x) / (x + 0.5);
  return Math.sqrt(x) * (1 - 1 / (8 * x) + 1 / (128 * x ** 2) + 5 / (1024 * x ** 3) - 21 / (32768 * x ** 4));
}
