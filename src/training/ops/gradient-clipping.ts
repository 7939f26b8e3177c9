import { type Tensor, tf } from '../device/backend.js';
import { add, divide, halfSquaredNorm, multiply } from './kernels.js';

/** torch's, so that nothing is divided by 0. */
const EPSILON = 1e-6;

/**
 * Scales all gradients by one factor so that together they are no longer than `normMax`: torch's clip_grad_norm_. Ops
 * only, so that it can be traced.
 *
 * @returns New tensors, which the caller disposes.
 */
export function clippedByNorm(gradients: ReadonlyMap<string, Tensor>, normMax: number): Map<string, Tensor> {
  const entries = [...gradients];
  const clipped = tf.tidy(() => {
    const halves = entries.map(([, gradient]) => halfSquaredNorm(gradient));
    const norm = tf.sqrt(multiply(tf.addN(halves), tf.scalar(2)));
    const factor = tf.minimum(tf.scalar(1), divide(tf.scalar(normMax), add(norm, tf.scalar(EPSILON))));
    return entries.map(([, gradient]) => multiply(gradient, factor));
  });
  return new Map(clipped.map((tensor, index) => [entries[index]?.[0] ?? '', tensor]));
}
