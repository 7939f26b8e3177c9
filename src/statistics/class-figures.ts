/** How well a classifier does on labelled images; each in [0, 1], and NaN without images. */
export interface ClassFigures {
  /** Share of right predictions. */
  readonly accuracy: number;
  /** Mean recall of the classes that have images. */
  readonly macroAccuracy: number;
  /**
   * Mean F1 = 2 · right / (images + predictions) of the classes that have images; 0 for a class of which none is found
   * (scikit-learn's `zero_division=0`).
   */
  readonly macroF1: number;
}

/** Images by class; what all figures follow from. */
export interface ClassCounts {
  /** The images of each class. */
  readonly images: Int32Array;
  /** The images that were taken for each class. */
  readonly predictions: Int32Array;
  /** The images of each class that were taken for it. */
  readonly right: Int32Array;
}

/** The figures that follow from counts. */
export function classFigures({ images, predictions, right }: ClassCounts): ClassFigures {
  let [imageCount, rightCount, classCount, recallSum, f1Sum] = [0, 0, 0, 0, 0];
  for (let index = 0; index < images.length; index++) {
    const ofClass = images[index] ?? 0;
    if (ofClass === 0) continue;
    const found = right[index] ?? 0;
    imageCount += ofClass;
    rightCount += found;
    classCount += 1;
    recallSum += found / ofClass;
    f1Sum += (2 * found) / (ofClass + (predictions[index] ?? 0));
  }
  return { accuracy: rightCount / imageCount, macroAccuracy: recallSum / classCount, macroF1: f1Sum / classCount };
}

/** Something for each figure. */
export type PerFigure<T> = Readonly<Record<keyof ClassFigures, T>>;

/** @param valueOf Called once for each figure. */
export function perFigure<T>(valueOf: (name: keyof ClassFigures) => T): PerFigure<T> {
  return { accuracy: valueOf('accuracy'), macroAccuracy: valueOf('macroAccuracy'), macroF1: valueOf('macroF1') };
}
