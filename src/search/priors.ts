import type { PriorCandidate } from '../domain/job/earlier-candidate.js';

/** What is known of a job's data before it trains on them. */
export interface DataTraits {
  /** Training images, at least 1. */
  readonly imageCount: number;
  /** At least 1. */
  readonly classCount: number;
  /** The side of an image as the network takes it. */
  readonly imageSizePx: number;
}

/** What an earlier search has found, and on which data. */
export interface EarlierSearch extends DataTraits {
  /** The resource name of its job. */
  readonly job: string;
  /** The multipliers of its winner, one per block, input side first. */
  readonly lrMultipliers: readonly number[];
}

/** Priors of one job: with more, the farther ones would drive out drawn candidates for little. */
const PRIOR_COUNT_MAX = 3;

/**
 * How far two jobs' data are apart: the Euclidean distance of the binary logarithms of what is counted, so that a doubling
 * of one count is 1.
 *
 * @returns 0 or more.
 */
export function dataDistance(a: DataTraits, b: DataTraits): number {
  return Math.hypot(
    Math.log2(a.imageCount / b.imageCount),
    Math.log2(a.classCount / b.classCount),
    Math.log2(a.imageSizePx / b.imageSizePx),
  );
}

/**
 * The candidates of earlier jobs that a search begins with: the winners on the data most like its own. They are ranked by
 * what is known of the data alone, so that no figure of an earlier job, least of all one of its test images, has a say.
 *
 * @param blockCount Blocks of the base model; winners of another partition are passed over.
 * @param earlier Of equally distant ones the first comes first; of equal winners the nearest counts.
 * @returns at most 3, nearest first, no two with the same multipliers.
 */
export function choosePriors(
  here: DataTraits,
  blockCount: number,
  earlier: readonly EarlierSearch[],
): PriorCandidate[] {
  const ranked = earlier
    .filter(({ lrMultipliers }) => lrMultipliers.length === blockCount)
    .map(({ job, lrMultipliers, ...there }) => ({ job, lrMultipliers, distance: dataDistance(here, there) }))
    .sort((a, b) => a.distance - b.distance);
  const chosen = new Map<string, PriorCandidate>();
  for (const candidate of ranked) {
    const key = candidate.lrMultipliers.join();
    if (chosen.size < PRIOR_COUNT_MAX && !chosen.has(key)) chosen.set(key, candidate);
  }
  return [...chosen.values()];
}
