import type { MeasuredGain } from '../domain/job/measured-gain.js';
import type { SearchMode } from '../methods/search-modes.js';
import { MEASURED_GAINS } from './measured-gains.js';
import type { DataSize, TaskGains } from './task-gains.js';

/** A measured task is near whose images and classes are at most so many times as many, or as few. */
const NEAR_FACTOR = 4;
/** Tasks are as near as the nearest whose distance is larger by no more than this: some 10 % of the images. */
const EQUAL_DISTANCE = 0.1;

/**
 * What a search has gained on the measured task that is nearest in size, and on those that are as near: size does not say
 * which of them a new task is like.
 *
 * @param measured Of all modes.
 * @returns undefined where no task was measured in this mode, or none is near.
 */
export function nearestGain(
  mode: SearchMode,
  size: DataSize,
  measured: readonly TaskGains[] = MEASURED_GAINS,
): MeasuredGain | undefined {
  const near = measured
    .filter((task) => task.mode === mode && ratios(task, size).every((ratio) => ratio <= NEAR_FACTOR))
    .sort((a, b) => distance(a, size) - distance(b, size));
  const [nearest] = near;
  if (nearest === undefined) return undefined;
  const pooled = near.filter((task) => distance(task, size) <= distance(nearest, size) + EQUAL_DISTANCE);
  const { imageCount, classCount } = nearest;
  return {
    ...spreadOf(pooled.flatMap(({ gains }) => gains)),
    sources: pooled.map(({ source }) => source),
    imageCount,
    classCount,
  };
}

/** Says that nothing is known of what a search will gain. */
export const gainWarning = (mode: SearchMode, { imageCount, classCount }: DataSize): string =>
  `What the search will gain is not known: no task within ${NEAR_FACTOR} times ${imageCount} training images and ${classCount} classes was measured in mode ${mode}.`;

/** How many times as large one size is as the other, or as small: 1 at the least. */
const ratios = (a: DataSize, b: DataSize): number[] =>
  (['imageCount', 'classCount'] as const).map((count) => Math.max(a[count] / b[count], b[count] / a[count]));

const distance = (a: DataSize, b: DataSize): number => ratios(a, b).reduce((sum, ratio) => sum + Math.log(ratio), 0);

function spreadOf(gains: readonly number[]) {
  const sorted = gains.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (place: number) => sorted[place] ?? NaN;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(0),
    high: at(sorted.length - 1),
    sampleCount: sorted.length,
  };
}
