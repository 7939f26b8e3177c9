import { type Tensor, tf } from './backend.js';
import { execute, multiply, typeAttribute } from './kernels.js';

/**
 * The softmax cross entropy of each example, and the gradient of their mean, from one op.
 *
 * @param logits float32 [batch, classCount]
 * @param labels int32 [batch]
 * @returns losses [batch] and the gradient [batch, classCount], float32; the caller disposes both.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): { losses: Tensor; gradient: Tensor } {
  return tf.tidy(() => {
    const attributes = [typeAttribute('T', 'float32'), typeAttribute('Tlabels', 'int32')];
    const [losses, gradients] = execute('SparseSoftmaxCrossEntropyWithLogits', attributes, [logits, labels], 2);
    if (losses === undefined || gradients === undefined) throw new Error('the loss op returned too little');
    return { losses, gradient: multiply(gradients, tf.scalar(1 / losses.size)) };
  });
}
