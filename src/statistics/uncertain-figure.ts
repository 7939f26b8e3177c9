import type { Interval } from './interval.js';
import { mean } from './mean.js';
import type { FigureSample } from './resampling.js';
import { tQuantile } from './student-t.js';

/** What the seeds of one method add to the variance of its mean figure. */
interface SeedVariance {
  /** s² / S: the variance of the figure from seed to seed, over the number of seeds. */
  readonly variance: number;
  /** S - 1 degrees of freedom. */
  readonly freedom: number;
}

/**
 * A method's mean figure, or the difference of two, and why it would come out otherwise another time: with other images of
 * the same kind, and with other seeds.
 *
 * The variance is the sum V + s² / S, for a difference V + s_A² / S_A + s_B² / S_B. V is the bootstrap's variance over images
 * with the seeds held as they are. The sum is right or errs on the safe side: let σ² be the variance of a training's true
 * figure from seed to seed, v the variance that the choice of images gives one training's figure, and c the covariance that
 * it gives the figures of two seeds, since they share the images. The mean of S seeds has the variance
 *
 *     σ² / S + c + (v - c) / S,
 *
 * V is the part c + (v - c) / S, and s², measured on the same images, has the expectation σ² + (v - c). So the sum counts
 * (v - c) / S twice: what each training alone makes of the images. That is nothing where seeds differ in level, and at most
 * doubles the variance where they differ in nothing but chance. In a difference the covariance of the two methods is in V
 * alone, and each method's own excess is the same.
 */
export interface UncertainFigure {
  readonly estimate: number;
  /** V. */
  readonly imageVariance: number;
  /** One of each method with two seeds or more: one seed shows nothing of what another would give. */
  readonly seedVariances: readonly SeedVariance[];
}

/** The mean figure of a method. */
export const meanFigure = ({ bySeed, resampled }: FigureSample): UncertainFigure => ({
  estimate: mean(bySeed),
  imageVariance: variance(resampled),
  seedVariances: seedVariances(bySeed),
});

/** The figure of `a` minus that of `b`, on the same images in each resample. */
export const differenceOf = (a: FigureSample, b: FigureSample): UncertainFigure => ({
  estimate: mean(a.bySeed) - mean(b.bySeed),
  imageVariance: variance(a.resampled.map((value, index) => value - (b.resampled[index] ?? NaN))),
  seedVariances: [...seedVariances(a.bySeed), ...seedVariances(b.bySeed)],
});

/** The standard error of the estimate. */
export const standardErrorOf = ({ imageVariance, seedVariances }: UncertainFigure): number =>
  Math.sqrt(seedVariances.reduce((sum, { variance }) => sum + variance, imageVariance));

/**
 * The 95 % interval: the estimate plus and minus Student's quantile times its standard error.
 *
 * The degrees of freedom are Satterthwaite's, (Σ V_j)² / Σ (V_j² / f_j). The image part counts as known, with infinitely many:
 * where images are so few that this would matter, the intervals of proportions are wider, and take over. Without a seed part
 * the quantile is the normal one, and the interval speaks of these trainings alone.
 *
 * The approximation is short where two or three seeds decide nearly all: docs/adr/0022 has how much.
 *
 * @see Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2 (1946).
 */
export function tInterval(figure: UncertainFigure): Interval {
  const { estimate, seedVariances } = figure;
  const standardError = standardErrorOf(figure);
  const scatter = seedVariances.reduce((sum, { variance, freedom }) => sum + variance ** 2 / freedom, 0);
  const half = tQuantile(scatter === 0 ? Infinity : standardError ** 4 / scatter) * standardError;
  return { estimate, lower: estimate - half, upper: estimate + half };
}

function seedVariances(bySeed: readonly number[]): SeedVariance[] {
  const { length } = bySeed;
  return length === 1 ? [] : [{ variance: variance(bySeed) / length, freedom: length - 1 }];
}

/** The sample variance of at least two values. */
function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
