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

/**
 * Cuts an order into batches. The last one may be smaller; one of a single example joins the batch before it, because
 * BatchNorm finds no variance in it.
 */
export function batchesOf(order: Int32Array, batchSize: number): Int32Array[] {
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length;) {
    const rest = order.length - start;
    const size = rest === batchSize + 1 ? rest : Math.min(batchSize, rest);
    batches.push(order.subarray(start, start + size));
    start += size;
  }
  return batches;
}
