import { type Place, byPlace } from './history.js';

/** What a training follows from, its seed aside: two trials that are equal in it give the same result, bit for bit. */
interface TrainedAs {
  readonly lrMultipliers: readonly number[];
  readonly fold?: number | undefined;
}

/**
 * Trials by what they were trained as: the same multipliers, bit for bit, on the same fold. Adding one and finding one take a
 * time that does not depend on how many there are.
 *
 * The genomes of equal trials may differ: a gene at or below the threshold, or overruled, changes nothing.
 */
export class EqualTrials<T extends Place & TrainedAs> {
  private readonly earliest = new Map<string, T>();

  /** @param trials Trials in any order. */
  constructor(trials: Iterable<T>) {
    for (const trial of trials) this.add(trial);
  }

  add(trial: T): void {
    const key = keyOf(trial);
    const found = this.earliest.get(key);
    if (found === undefined || byPlace(trial, found) < 0) this.earliest.set(key, trial);
  }

  /**
   * Finds the trial whose result that of a planned one is, or will be.
   *
   * @returns the earliest by generation and slot; undefined if there is none, and the planned trial has to be trained.
   */
  find(planned: TrainedAs): T | undefined {
    return this.earliest.get(keyOf(planned));
  }
}

/** Text of a number names its bits, but for the sign of 0. */
const keyOf = ({ lrMultipliers, fold }: TrainedAs): string =>
  `${fold}:${lrMultipliers.map((multiplier) => (Object.is(multiplier, -0) ? '-0' : multiplier)).join()}`;
