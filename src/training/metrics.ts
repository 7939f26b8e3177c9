/** How well a classifier does on labelled examples. */
export interface ClassificationMetrics {
  /** Mean softmax cross entropy. */
  readonly loss: number;
  /** Share of right predictions. */
  readonly accuracy: number;
  /** Mean over the classes that have examples of the share found among them (mean recall). */
  readonly macroAccuracy: number;
  /** `confusionMatrix[label][prediction]` is a count of examples. */
  readonly confusionMatrix: number[][];
  /** The class of the largest logit of each example; the lower one of two that are equal. */
  readonly predictions: Int32Array;
}

/**
 * Computes all metrics from one pass over the logits.
 *
 * @param logits Row-major, [labels.length, classCount].
 * @param labels Class indices below `classCount`; at least one.
 */
export function classificationMetrics(
  logits: Float32Array,
  labels: Int32Array,
  classCount: number,
): ClassificationMetrics {
  const confusionMatrix = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  const predictions = new Int32Array(labels.length);
  let loss = 0;
  labels.forEach((label, example) => {
    const row = logits.subarray(example * classCount, (example + 1) * classCount);
    const largest = row.reduce((best, value) => Math.max(best, value), -Infinity);
    const prediction = Math.max(0, row.indexOf(largest));
    predictions[example] = prediction;
    loss += Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0)) + largest - (row[label] ?? NaN);
    const counts = confusionMatrix[label];
    if (counts !== undefined) counts[prediction] = (counts[prediction] ?? 0) + 1;
  });
  const rightCounts = confusionMatrix.map((counts, label) => counts[label] ?? 0);
  return {
    loss: loss / labels.length,
    accuracy: sum(rightCounts) / labels.length,
    macroAccuracy: meanRecall(confusionMatrix, rightCounts),
    confusionMatrix,
    predictions,
  };
}

function meanRecall(confusionMatrix: readonly number[][], rightCounts: readonly number[]): number {
  const recalls = confusionMatrix.flatMap((counts, label) => {
    const exampleCount = sum(counts);
    return exampleCount === 0 ? [] : [(rightCounts[label] ?? 0) / exampleCount];
  });
  return sum(recalls) / recalls.length;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
