import type { ClassIndices } from './test-set.js';

/**
 * The share of images on which exactly one of two trainings is right.
 *
 * @throws {RangeError} without images, or when the lists differ in length.
 */
export function disagreement(predictionsA: ClassIndices, predictionsB: ClassIndices, labels: ClassIndices): number {
  const lengths = [labels, predictionsA, predictionsB].map(({ length }) => length);
  const [imageCount = 0] = lengths;
  if (imageCount === 0 || lengths.some((length) => length !== imageCount)) {
    throw new RangeError(`there are ${lengths.join(', ')} labels and predictions of the two`);
  }
  let count = 0;
  for (let at = 0; at < imageCount; at++) {
    if ((predictionsA[at] === labels[at]) !== (predictionsB[at] === labels[at])) count += 1;
  }
  return count / imageCount;
}
