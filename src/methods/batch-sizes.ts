/**
 * How many examples each batch of an epoch has. The last one may be smaller; one of a single example joins the batch before
 * it, because BatchNorm finds no variance in it.
 */
export function batchSizesOf(exampleCount: number, batchSize: number): number[] {
  const sizes: number[] = [];
  for (let rest = exampleCount; rest > 0;) {
    const size = rest === batchSize + 1 ? rest : Math.min(batchSize, rest);
    sizes.push(size);
    rest -= size;
  }
  return sizes;
}

/** How many examples the first batches of an epoch have together. */
export const firstBatchesExampleCount = (exampleCount: number, batchSize: number, batchCount: number): number =>
  batchSizesOf(exampleCount, batchSize)
    .slice(0, batchCount)
    .reduce((sum, size) => sum + size, 0);
