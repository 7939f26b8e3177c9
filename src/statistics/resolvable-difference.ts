import { NORMAL_97_5 } from './interval.js';

/**
 * Assumed share of images on which exactly one of two candidates is right, before any has been trained: the mean of what was
 * measured between 9 and between 13 methods on two data sets, 0.207 and 0.182 (`resolution` in bench/results/search-*.json).
 */
export const ASSUMED_DISAGREEMENT = 0.19;

/**
 * Assumed standard deviation of a figure between seeds, before any training: that of the test macro-accuracy, pooled over 20
 * fine-tunings with three seeds each on the same two data sets of 400 training images (`rows` there, methods of equal rows
 * counted once). Accuracy gives 0.017 and macro-F1 0.018; most trainings are below, and AUTO_RGN on one set is at 0.055. The
 * files do not have the figures of a search's candidates, which train on fewer images and spread more.
 */
export const ASSUMED_SEED_DEVIATION = 0.018;

/** What decides how small a difference can be seen. */
export interface ComparisonSize {
  /** n: images that both candidates are scored on; for a mean over classes the effective count of `macroSize`. */
  readonly imageCount: number;
  /** S: trainings of each candidate. */
  readonly seedCount: number;
  /** q, as `disagreement` measures it, the mean over pairs of a training of each; for a mean over classes that of `macroSize`. */
  readonly disagreement: number;
  /** σ of one training's figure, as `pooledSeedDeviation` measures it. */
  readonly seedDeviation: number;
  /** The step by which one image moves a figure: a smaller difference cannot be seen, however well candidates agree. */
  readonly imageStep: number;
}

/** What a class adds to the doubt about a mean over classes. */
export interface ClassSize {
  /** n_k, above 0. */
  readonly imageCount: number;
  /** q_k: the share of the class's images on which exactly one candidate is right. */
  readonly disagreement: number;
}

/**
 * The images of a plain figure whose difference is as doubtful as that of a mean over classes. The recalls of K classes are
 * known from their own images, so the variance of the mean's difference is (1 / K²) Σ q_k / n_k = q / n with
 *
 *     q = (1 / K) Σ q_k,   n = K Σ q_k / Σ (q_k / n_k),
 *
 * and n = K² / Σ (1 / n_k) where classes disagree equally: as many images as there are for equal classes, else fewer. F1 is
 * taken for recall here: an image of a class moves both about equally.
 *
 * @param classes At least one.
 */
export function macroSize(classes: readonly ClassSize[]): Pick<ComparisonSize, 'imageCount' | 'disagreement'> {
  const sum = (valueOf: (ofClass: ClassSize) => number) => classes.reduce((total, each) => total + valueOf(each), 0);
  const total = sum(({ disagreement }) => disagreement);
  const imageCount =
    total === 0
      ? classes.length ** 2 / sum(({ imageCount }) => 1 / imageCount)
      : (classes.length * total) / sum(({ disagreement, imageCount }) => disagreement / imageCount);
  return { imageCount, disagreement: total / classes.length };
}

/**
 * The smallest difference of two candidates' figures, as a fraction, that differs from 0 with 95 % confidence:
 * 1.96 √(q / n + 2σ² / S), and no less than one image.
 *
 * The model, told for accuracy; `macroSize` gives n and q of a mean over classes. n images are drawn independently of each other; each candidate has S trainings, whose accuracies over all
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
  disagreement,
  seedDeviation,
  imageStep,
}: ComparisonSize): number {
  const byChance = NORMAL_97_5 * Math.sqrt(disagreement / imageCount + (2 * seedDeviation ** 2) / seedCount);
  return Math.max(byChance, imageStep);
}
