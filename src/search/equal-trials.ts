import type { Place } from './history.js';
import { byPlace } from './history.js';

/** What a training follows from, its seed aside: two trials that are equal in it give the same result, bit for bit. */
interface TrainedAs {
  readonly lrMultipliers: readonly number[];
  readonly fold?: number | undefined;
}

/**
 * Finds the trial whose result that of a planned one would be: the same multipliers, bit for bit, on the same fold.
 *
 * Their genomes may differ: a gene at or below the threshold, or overruled, changes nothing.
 * @param others Completed trials in any order, so that the found one's result can be copied; or those before the planned one
 *   in its batch, so that it can wait for the found one's.
 * @returns the earliest by generation and slot; undefined if there is none, and the planned trial has to be trained.
 */
export function findEqualTrial<T extends Place & TrainedAs>(planned: TrainedAs, others: readonly T[]): T | undefined {
  return others.toSorted(byPlace).find((other) => other.fold === planned.fold && haveEqualMultipliers(other, planned));
}

const haveEqualMultipliers = (a: TrainedAs, b: TrainedAs): boolean =>
  a.lrMultipliers.length === b.lrMultipliers.length &&
  a.lrMultipliers.every((multiplier, block) => Object.is(multiplier, b.lrMultipliers[block]));
