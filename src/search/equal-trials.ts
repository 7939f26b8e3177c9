import { canonicalJson } from '../domain/canonical-json.js';
import type { TrialSettings } from '../domain/job/trial.js';
import { type Place, byPlace } from './history.js';

/** How a method's candidate is trained, whatever its images and its seed. */
export interface Phenotype {
  readonly lrMultipliers: readonly number[];
  readonly settings?: TrialSettings | undefined;
}

/** What a training follows from, its seed aside: two trials that are equal in it give the same result, bit for bit. */
interface TrainedAs extends Phenotype {
  readonly fold?: number | undefined;
}

/** A text that two candidates of a method share when they are trained alike: text of a number names its bits. */
export const phenotypeKey = ({ lrMultipliers, settings = {} }: Phenotype): string =>
  `${lrMultipliers.map((multiplier) => (Object.is(multiplier, -0) ? '-0' : multiplier)).join()} ${canonicalJson(settings)}`;

/**
 * Trials of one method by what they were trained as: the same multipliers and settings, bit for bit, on the same fold. Adding
 * one and finding one take a time that does not depend on how many there are.
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

const keyOf = ({ fold, ...phenotype }: TrainedAs): string => `${fold}:${phenotypeKey(phenotype)}`;
