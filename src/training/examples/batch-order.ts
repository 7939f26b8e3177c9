import { batchSizesOf } from '../../methods/batch-sizes.js';
import { randomStream } from '../../random/random-stream.js';

/**
 * The order in which an epoch visits the examples: a Fisher-Yates shuffle that depends on seed and epoch alone, so it is
 * the same whatever else draws random numbers.
 *
 * @param epoch From 1.
 */
export function shuffledIndices(count: number, seed: number, epoch: number): Int32Array {
  const indices = Int32Array.from({ length: count }, (_, index) => index);
  const next = randomStream(`${seed}/shuffle/${epoch}`);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(next() * (last + 1));
    [indices[last], indices[chosen]] = [indices[chosen] ?? 0, indices[last] ?? 0];
  }
  return indices;
}

/** Cuts an order into batches, of sizes as `batchSizesOf` gives them. */
export function batchesOf(order: Int32Array, batchSize: number): Int32Array[] {
  let start = 0;
  return batchSizesOf(order.length, batchSize).map((size) => order.subarray(start, (start += size)));
}

/** The classes of some examples, in their order. */
export const labelsOf = (examples: ArrayLike<number>, labels: Int32Array): Int32Array =>
  Int32Array.from(examples, (example) => labels[example] ?? 0);
