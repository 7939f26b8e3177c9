/**
 * Picks the images of one stratified slice: the i-th image of a class belongs to fold i mod `foldCount`. The slices
 * are disjoint and together are all images; a slice is not cross-validation. Fold 0 of 1 is everything.
 *
 * @param labels Class index of each image, int32 [n].
 * @param fold At least 0 and below `foldCount`.
 * @returns Positions in `labels`, ascending.
 * @throws {RangeError} when `fold` or `foldCount` is out of range.
 */
export function foldIndices(labels: Int32Array, foldCount: number, fold: number): number[] {
  if (!Number.isInteger(foldCount) || foldCount < 1) throw new RangeError(`foldCount ${foldCount} is not 1 or more`);
  if (!Number.isInteger(fold) || fold < 0 || fold >= foldCount) {
    throw new RangeError(`fold ${fold} is not in 0..${foldCount - 1}`);
  }
  const seenCounts = new Map<number, number>();
  const indices: number[] = [];
  labels.forEach((label, index) => {
    const seenCount = seenCounts.get(label) ?? 0;
    seenCounts.set(label, seenCount + 1);
    if (seenCount % foldCount === fold) indices.push(index);
  });
  return indices;
}
