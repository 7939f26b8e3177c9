import type { ClassRecall } from '../../domain/class-recall.js';
import { type ClassCounts, type ClassFigures, classFigures } from '../../statistics/class-figures.js';

/** How well a classifier does on labelled examples. */
export interface ClassificationMetrics extends ClassFigures {
  /** Mean softmax cross entropy. */
  readonly loss: number;
  /** One for each class that has examples, in the order of the classes. */
  readonly recalls: readonly ClassRecall[];
  /** Expected calibration error, in [0, 1]: how far confidence and accuracy are apart. */
  readonly calibrationError: number;
  /** `confusionMatrix[label][prediction]` is a count of examples. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/** What is summed over the examples; every metric follows from it. */
export interface MetricSums {
  /** The sum of the examples' cross entropies. */
  readonly loss: number;
  readonly confusionMatrix: readonly (readonly number[])[];
  readonly calibrationBins: readonly CalibrationBin[];
}

/** The examples whose confidence, the softmax of the predicted class, is in one interval. */
export interface CalibrationBin {
  readonly exampleCount: number;
  readonly confidenceSum: number;
  readonly rightCount: number;
}

/** All metrics of the examples that the sums were taken over; NaN without examples. */
export function classificationMetrics({ loss, confusionMatrix, calibrationBins }: MetricSums): ClassificationMetrics {
  return {
    ...classFigures(classCounts(confusionMatrix)),
    loss: loss / sum(confusionMatrix.map(sum)),
    recalls: classRecalls(confusionMatrix),
    calibrationError: calibrationError(calibrationBins),
    confusionMatrix,
  };
}

/** The recall of each class that has examples, in the order of the classes. */
export function classRecalls(confusionMatrix: MetricSums['confusionMatrix']): ClassRecall[] {
  return confusionMatrix.flatMap((counts, classIndex) => {
    const exampleCount = sum(counts);
    return exampleCount === 0
      ? []
      : [{ classIndex, recall: cell(confusionMatrix, classIndex, classIndex) / exampleCount }];
  });
}

/**
 * The mean over the examples of how far the accuracy of their bin is from its mean confidence.
 *
 * @see Guo et al., arXiv 1706.04599, equation 3.
 */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const gaps = bins.map(({ confidenceSum, rightCount }) => Math.abs(rightCount - confidenceSum));
  return sum(gaps) / sum(bins.map(({ exampleCount }) => exampleCount));
}

const classCounts = (confusionMatrix: MetricSums['confusionMatrix']): ClassCounts => ({
  images: Int32Array.from(confusionMatrix, sum),
  predictions: Int32Array.from(confusionMatrix, (_, prediction) =>
    sum(confusionMatrix.map((_counts, label) => cell(confusionMatrix, label, prediction))),
  ),
  right: Int32Array.from(confusionMatrix, (_, label) => cell(confusionMatrix, label, label)),
});

const cell = (matrix: MetricSums['confusionMatrix'], label: number, prediction: number) =>
  matrix[label]?.[prediction] ?? 0;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
