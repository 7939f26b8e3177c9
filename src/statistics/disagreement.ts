import type { ClassIndices, TestSet } from './test-set.js';

/** The share of images on which exactly one of two trainings is right. */
export interface Disagreement {
  readonly all: number;
  /** The share of the images of each class, by class index; undefined for a class without images. */
  readonly byClass: readonly (number | undefined)[];
}

/**
 * Counts the images on which exactly one of two trainings is right.
 *
 * @throws {RangeError} without images, or when the lists differ in length.
 */
export function disagreement(
  predictionsA: ClassIndices,
  predictionsB: ClassIndices,
  { labels, classCount }: TestSet,
): Disagreement {
  const lengths = [labels, predictionsA, predictionsB].map(({ length }) => length);
  const [imageCount = 0] = lengths;
  if (imageCount === 0 || lengths.some((length) => length !== imageCount)) {
    throw new RangeError(`there are ${lengths.join(', ')} labels and predictions of the two`);
  }
  const classes = Array.from({ length: classCount }, () => ({ imageCount: 0, splitCount: 0 }));
  for (let at = 0; at < imageCount; at++) {
    const own = classes[labels[at] ?? -1];
    if (own === undefined) throw new RangeError(`class ${labels[at]} is none of ${classCount}`);
    own.imageCount += 1;
    if ((predictionsA[at] === labels[at]) !== (predictionsB[at] === labels[at])) own.splitCount += 1;
  }
  return {
    all: classes.reduce((sum, { splitCount }) => sum + splitCount, 0) / imageCount,
    byClass: classes.map((own) => (own.imageCount === 0 ? undefined : own.splitCount / own.imageCount)),
  };
}
