import { type Tensor, tf } from './backend.js';

/** Examples that are trained on together. */
export interface Batch {
  /** float32 [batch, …] */
  readonly input: Tensor;
  /** Class indices, [batch] */
  readonly labels: Int32Array;
}

/**
 * Cuts a batch into pieces of nearly one size, at most `sizeMax`, so that none is left with a single example where
 * BatchNorm would find no variance.
 *
 * @param sizeMax The batch itself is the only piece when absent, or as large as the batch.
 * @returns New inputs, the caller's to dispose; of an only piece, the input is the batch's own.
 */
export function microBatches(batch: Batch, sizeMax?: number): Batch[] {
  const { input, labels } = batch;
  const pieceCount = Math.ceil(labels.length / (sizeMax ?? labels.length));
  if (pieceCount === 1) return [batch];
  return Array.from({ length: pieceCount }, (_, piece) => {
    const [start, end] = [piece, piece + 1].map((edge) => Math.floor((edge * labels.length) / pieceCount)) as [
      number,
      number,
    ];
    const rest = input.shape.slice(1);
    return {
      input: tf.slice(input, [start, ...rest.map(() => 0)], [end - start, ...rest]),
      labels: labels.subarray(start, end),
    };
  });
}
