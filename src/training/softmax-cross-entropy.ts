import { type Tensor, tf } from './backend.js';
import { execute, multiply, typeAttribute } from './kernels.js';

/**
 * The mean softmax cross entropy and its gradient, from one op.
 *
 * @param logits float32 [batch, classCount]
 * @param labels int32 [batch]
 * @returns the loss, in float64 arithmetic from float32 losses, and its gradient, float32 [batch, classCount]; the
 *   caller disposes the gradient.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): { loss: number; gradient: Tensor } {
  return tf.tidy(() => {
    const attributes = [typeAttribute('T', 'float32'), typeAttribute('Tlabels', 'int32')];
    const [losses, gradients] = execute('SparseSoftmaxCrossEntropyWithLogits', attributes, [logits, labels], 2);
    if (losses === undefined || gradients === undefined) throw new Error('the loss op returned too little');
    const values = losses.dataSync<'float32'>();
    const loss = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { loss, gradient: multiply(gradients, tf.scalar(1 / values.length)) };
  });
}
