/**
 * Factors on the loss that let every class count alike: images / (classes * images of the class), as scikit-learn's
 * `balanced`.
 *
 * @param labels Class indices; each of the `classCount` classes has an image.
 */
export function balancedClassWeights(labels: Int32Array, classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.map((count) => labels.length / (classCount * count));
}
