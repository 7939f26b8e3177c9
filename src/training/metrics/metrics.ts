import type { ClassRecall } from '../../domain/class-recall.js';

/** How well a classifier does on labelled examples. */
export interface ClassificationMetrics {
  /** Mean softmax cross entropy. */
  readonly loss: number;
  /** Share of right predictions. */
  readonly accuracy: number;
  /** Mean of `recalls`. */
  readonly macroAccuracy: number;
  /** Mean F1 of the classes that have examples; 0 for a class of which none is found (scikit-learn's `zero_division=0`). */
  readonly macroF1: number;
  /** One for each class that has examples, in the order of the classes. */
  readonly recalls: readonly ClassRecall[];
  /** Expected calibration error, in [0, 1]: how far confidence and accuracy are apart. */
  readonly calibrationError: number;
  /** `confusionMatrix[label][prediction]` is a count of examples. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/** What is summed over the examples; every metric follows from it. */
export interface MetricSums {
  /** Of the examples' cross entropies. */
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
  const exampleCount = sum(confusionMatrix.map(sum));
  const recalls = classRecalls(confusionMatrix);
  return {
    loss: loss / exampleCount,
    accuracy: sum(confusionMatrix.map((_, label) => cell(confusionMatrix, label, label))) / exampleCount,
    macroAccuracy: mean(recalls.map(({ recall }) => recall)),
    macroF1: macroF1(confusionMatrix),
    recalls,
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

/** The mean F1 = 2 · right / (examples + predictions) of the classes that have examples. */
export function macroF1(confusionMatrix: MetricSums['confusionMatrix']): number {
  const scores = confusionMatrix.flatMap((counts, label) => {
    const exampleCount = sum(counts);
    const predictionCount = sum(confusionMatrix.map((_, other) => cell(confusionMatrix, other, label)));
    return exampleCount === 0 ? [] : [(2 * cell(confusionMatrix, label, label)) / (exampleCount + predictionCount)];
  });
  return mean(scores);
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

const cell = (matrix: MetricSums['confusionMatrix'], label: number, prediction: number) =>
  matrix[label]?.[prediction] ?? 0;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]) => sum(values) / values.length;
