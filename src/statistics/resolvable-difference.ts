import { NORMAL_97_5 } from './interval.js';

/**
 * Assumed share of images on which exactly one of two candidates is right, before any has been trained. Two with 90 %
 * accuracy and errors of their own would have 0.18; candidates that start from the same weights share some of them.
 */
export const ASSUMED_DISAGREEMENT = 0.15;

/**
 * Assumed standard deviation of accuracy between seeds, before any training. The paper's data sets on which methods are
 * level lie within 0.5 points of each other, about the seed spread of large ones; small training sets spread more.
 */
export const ASSUMED_SEED_DEVIATION = 0.01;

/** What decides how small a difference can be seen. */
export interface ComparisonSize {
  /** n: images that both candidates are scored on. */
  readonly imageCount: number;
  /** S: trainings of each candidate. */
  readonly seedCount: number;
  /** q, as `disagreement` measures it, the mean over pairs of a training of each. */
  readonly disagreement?: number;
  /** σ of one training's accuracy, as `pooledSeedDeviation` measures it. */
  readonly seedDeviation?: number;
  /**
   * The step by which one image moves a figure: a smaller difference cannot be seen, however well candidates agree. 1 /
   * n if absent.
   */
  readonly imageStep?: number;
}

/**
 * The smallest difference of two candidates' accuracies, as a fraction, that differs from 0 with 95 % confidence:
 * 1.96 √(q / n + 2σ² / S), and no less than one image.
 *
 * The model: n images are drawn independently of each other; each candidate has S trainings, whose accuracies over all
 * images there could be are independent draws with the deviation σ about the candidate's own. On image i, let d_i be the
 * share of A's trainings that are right, less B's; the difference seen is the mean of d_i. By the law of total variance
 *
 *     Var(mean d) = E[Var(d_i | trainings)] / n + Var(accuracy of A's trainings - of B's) = E[Var(d_i)] / n + 2σ² / S.
 *
 * d_i is a mean over pairs of trainings of a value in {-1, 0, 1} that is not 0 on a share q of images, so
 * E[Var(d_i)] ≤ E[d_i²] ≤ q. That is nearly an equality with one seed, and where the candidates differ rather than their
 * seeds. Elsewhere the true variance is lower, as where σ was measured on the same n images, whose chance is then counted
 * twice: the result errs on the safe side.
 *
 * If the true difference is 0, one comparison in twenty shows more than this. If it is this much, every other one does; to
 * be seen in four of five it must be 1.43 times as large. One comparison is meant, not the best of many candidates.
 */
export function resolvableDifference({
  imageCount,
  seedCount,
  disagreement = ASSUMED_DISAGREEMENT,
  seedDeviation = ASSUMED_SEED_DEVIATION,
  imageStep = 1 / imageCount,
}: ComparisonSize): number {
  const byChance = NORMAL_97_5 * Math.sqrt(disagreement / imageCount + (2 * seedDeviation ** 2) / seedCount);
  return Math.max(byChance, imageStep);
}
