import { type Tensor, tf } from '../device/backend.js';
import { divide, execute, multiply, typeAttribute } from './kernels.js';

/** How far a prediction is from its label. */
export interface LossSettings {
  /** Share of each target that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing: number;
  /** A factor on the loss of each class's examples, positive; 1 for all when absent. */
  readonly classWeights?: readonly number[];
}

/**
 * The softmax cross entropy of a batch and its gradient: torch's CrossEntropyLoss(weight, label_smoothing). Ops only, so
 * that it can be traced.
 *
 * @param logits float32 [batch, classCount]
 * @param labels int32 [batch]
 * @param scale Scalar, a factor on both results: 1 over the sum of the class weights of all examples that share a step.
 * @param classWeights float32 [classCount]; 1 for all when absent.
 * @returns loss, a scalar, and gradient [batch, classCount]; the caller disposes both.
 */
export function crossEntropy(
  { logits, labels, scale, classWeights }: { logits: Tensor; labels: Tensor; scale: Tensor; classWeights?: Tensor },
  labelSmoothing: number,
): { loss: Tensor; gradient: Tensor } {
  return tf.tidy(() => {
    const { losses, gradients } =
      labelSmoothing === 0 && classWeights === undefined
        ? sparse(logits, labels)
        : dense(logits, smoothed(labels, logits.shape[1] ?? 0, labelSmoothing), classWeights);
    return { loss: multiply(tf.sum(losses), scale), gradient: multiply(gradients, scale) };
  });
}

/** The sum of the class weights of `labels`: what a mean loss is divided by. */
export function weightSum(labels: Int32Array, classWeights: readonly number[] | undefined): number {
  return labels.reduce((sum, label) => sum + (classWeights?.[label] ?? 1), 0);
}

interface ExampleLosses {
  /** float32 [batch] */
  readonly losses: Tensor;
  /** float32 [batch, classCount] */
  readonly gradients: Tensor;
}

function sparse(logits: Tensor, labels: Tensor): ExampleLosses {
  const types = [typeAttribute('T', 'float32'), typeAttribute('Tlabels', 'int32')];
  return resultOf(execute('SparseSoftmaxCrossEntropyWithLogits', types, [logits, labels], 2));
}

/** @param targets float32 [batch, classCount], each row a distribution. */
function dense(logits: Tensor, targets: Tensor, classWeights: Tensor | undefined): ExampleLosses {
  const crossEntropyOf = (rows: Tensor) =>
    resultOf(execute('SoftmaxCrossEntropyWithLogits', [typeAttribute('T', 'float32')], [logits, rows], 2));
  if (classWeights === undefined) return crossEntropyOf(targets);
  // The op wants distributions, so what the weights add up to is taken out of the rows and put back afterwards.
  const weighted = multiply(targets, classWeights);
  const totals = tf.sum(weighted, 1, true);
  const { losses, gradients } = crossEntropyOf(divide(weighted, totals));
  return { losses: multiply(losses, totals.reshape([-1])), gradients: multiply(gradients, totals) };
}

function smoothed(labels: Tensor, classCount: number, labelSmoothing: number): Tensor {
  const rest = labelSmoothing / classCount;
  return tf.oneHot(labels, classCount, 1 - labelSmoothing + rest, rest, 'float32');
}

function resultOf([losses, gradients]: Tensor[]): ExampleLosses {
  if (losses === undefined || gradients === undefined) throw new Error('the loss op returned too little');
  return { losses, gradients };
}
