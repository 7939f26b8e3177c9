import { type Tensor, tf } from '../device/backend.js';
import { add, attribute, divide, execute, matMul, multiply, subtract, typeAttribute } from '../ops/kernels.js';
import { crossEntropy } from '../ops/cross-entropy.js';

/** Bin m, from 0, holds the confidences in (m / 15, (m + 1) / 15]: as Guo et al., arXiv 1706.04599. */
export const CALIBRATION_BIN_COUNT = 15;

/**
 * Totals with one more batch in them. Reads nothing, so it can be part of a traced function.
 *
 * An example whose logits are not numbers is counted nowhere, and makes the loss and the confidences NaN.
 *
 * @param totals float32: the loss, []; the confusion matrix, [classCount, classCount]; for each calibration bin the
 *   number of examples, the sum of their confidences and the number of right ones, [3, bins]. They stay the caller's.
 * @param logits float32 [batch, classCount]; stay the caller's.
 * @param labels int32 [batch], below classCount; stay the caller's.
 * @returns the new totals; the caller disposes them.
 */
export function accumulate(totals: readonly Tensor[], logits: Tensor, labels: Tensor): Tensor[] {
  return tf.tidy(() => {
    const sums = batchSums(logits, labels);
    return totals.map((total, index) => {
      const sum = sums[index];
      if (sum === undefined) throw new Error(`there is no total ${index}`);
      return add(total, sum);
    });
  });
}

/** What a batch adds to each total. */
function batchSums(logits: Tensor, labels: Tensor): Tensor[] {
  const { predictions, confidences } = predicted(logits);
  const right = tf.cast(tf.equal(predictions, labels.reshape([-1, 1])), 'float32');
  return [
    crossEntropy({ logits, labels, scale: tf.scalar(1) }, 0).loss,
    confusions(logits, labels, predictions, confidences),
    calibration(confidences, right),
  ];
}

/**
 * The class of the largest logit of each example, the lower one of two that are equal, and its softmax.
 *
 * @returns predictions, int32 [batch, 1], and confidences, float32 [batch, 1], in (0, 1] or NaN.
 */
function predicted(logits: Tensor): { predictions: Tensor; confidences: Tensor } {
  // TopKV2 promises the lower index for equal values, ArgMax does not.
  const attributes = [attribute('sorted', 'BOOL', true), typeAttribute('T', 'float32')];
  const [largest, predictions] = execute('TopKV2', attributes, [logits, tf.scalar(1, 'int32')], 2);
  if (largest === undefined || predictions === undefined) throw new Error('TopKV2 returned too little');
  // One of the terms is exp(0), so that the quotient cannot be rounded to more than 1.
  const exponentialSums = tf.sum(tf.exp(subtract(logits, largest)), 1, true);
  return { predictions, confidences: divide(tf.scalar(1), exponentialSums) };
}

/**
 * The classes that the metrics count: that of the largest logit of each example of float32 [batch, classCount], read
 * from the device.
 */
export function predictedClasses(logits: Tensor): Int32Array {
  const classes = tf.tidy(() => predicted(logits).predictions);
  try {
    return classes.dataSync<'int32'>();
  } finally {
    classes.dispose();
  }
}

/**
 * A product of one-hot matrices: exact in float32 at any matrix precision, and it stays on the device, where int32 sums
 * would not on a GPU.
 *
 * @returns counts by label and prediction, float32 [classCount, classCount].
 */
function confusions(logits: Tensor, labels: Tensor, predictions: Tensor, confidences: Tensor): Tensor {
  const classCount = logits.shape[1] ?? 0;
  const oneHot = (classes: Tensor) => tf.oneHot(classes.reshape([-1]), classCount, 1, 0, 'float32');
  // False for NaN.
  const isCounted = tf.cast(tf.greater(confidences, tf.scalar(0)), 'float32');
  return matMul(multiply(oneHot(labels), isCounted), oneHot(predictions), { transposeA: true });
}

/** @returns for each bin the examples, their confidences and the right ones, float32 [3, bins]. */
function calibration(confidences: Tensor, right: Tensor): Tensor {
  const edges = Array.from({ length: CALIBRATION_BIN_COUNT + 1 }, (_, edge) => edge / CALIBRATION_BIN_COUNT);
  const isAbove = (bounds: number[]) => tf.cast(tf.greater(confidences, tf.tensor1d(bounds)), 'float32');
  const isInBin = subtract(isAbove(edges.slice(0, -1)), isAbove(edges.slice(1)));
  return tf.stack(
    [isInBin, multiply(isInBin, confidences), multiply(isInBin, right)].map((values) => tf.sum(values, 0)),
  );
}
