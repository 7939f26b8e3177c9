import { type Tensor, tf } from '../device/backend.js';

/** Examples that are trained on together. */
export interface Batch {
  /** float32 [batch, …] */
  readonly input: Tensor;
  /** Class indices, [batch] */
  readonly labels: Int32Array;
}

/**
 * Into how many examples each a batch is cut: nearly one size, at most `sizeMax`. Where two at most would leave one alone,
 * in whom BatchNorm would find no variance, three stay together.
 *
 * @param sizeMax The batch stays whole when absent, or as large as the batch.
 */
export function microBatchSizes(exampleCount: number, sizeMax = exampleCount): number[] {
  const pieceCountMax = sizeMax === 1 ? exampleCount : Math.max(1, Math.floor(exampleCount / 2));
  const pieceCount = Math.min(pieceCountMax, Math.ceil(exampleCount / sizeMax));
  const edge = (piece: number) => Math.floor((piece * exampleCount) / pieceCount);
  return Array.from({ length: pieceCount }, (_, piece) => edge(piece + 1) - edge(piece));
}

/** Cuts a batch into pieces of these sizes, each when it is requested; its input is the caller's to dispose. */
export function* microBatches({ input, labels }: Batch, sizes: readonly number[]): Generator<Batch> {
  const rest = input.shape.slice(1);
  let start = 0;
  for (const size of sizes) {
    const piece = tf.slice(input, [start, ...rest.map(() => 0)], [size, ...rest]);
    yield { input: piece, labels: labels.subarray(start, (start += size)) };
  }
}
