import type { ScoreReport } from '../domain/task.js';

/** Row: true class; column: predicted class. */
export type ConfusionMatrix = readonly { readonly counts: readonly number[] }[];

/** Counts what the images of each class were taken for. */
export function confusionMatrix(
  { labels, predictions }: Pick<ScoreReport, 'labels' | 'predictions'>,
  classCount: number,
): ConfusionMatrix {
  const rows = Array.from({ length: classCount }, () => ({ counts: new Array<number>(classCount).fill(0) }));
  for (const [image, label] of labels.entries()) {
    const counts = rows[label]?.counts;
    const prediction = predictions[image];
    if (counts === undefined || prediction === undefined || prediction >= classCount) {
      throw new RangeError(`image ${image} is of class ${label} and taken for ${prediction}, of ${classCount} classes`);
    }
    counts[prediction] = 1 + (counts[prediction] ?? 0);
  }
  return rows;
}
