import { type Genome, type PhenotypeRules, lrMultipliers } from '../domain/job/genome.js';
import { type TrialOrigin, type TrialSettings, trialSettingsSchema } from '../domain/job/trial.js';
import type { MethodCandidate } from '../methods/method-definition.js';
import { drawRandomGenome } from './random-genome.js';
import { openStream } from './rng.js';
import { drawSettings, type SettingsSpace } from './settings-space.js';

/** What a search without evolution evaluates: all on fold 0 and at once, as generation 0. */
export interface ListedCandidate {
  /** Place in the list. */
  readonly slot: number;
  readonly origin: Extract<TrialOrigin, 'RANDOM' | 'GRID'>;
  /** The genome of a random candidate; others have none. */
  readonly genome?: Genome;
  /** One factor on the base learning rate per block, input side first; 0 where frozen. */
  readonly lrMultipliers: readonly number[];
  /** What the candidate sets over the settings of its method and job; absent where it sets nothing. */
  readonly settings?: TrialSettings;
}

/**
 * Random search over BioTune's genomes, each drawn as in an initial population, and over the open settings; the candidate in a
 * slot does not depend on `count`.
 *
 * @param seed The search's, an integer in [0, 2^53).
 * @param blockCount The number of blocks that `rules` has.
 * @throws {RangeError} when it has not, or if no block may train.
 */
export function randomSearchCandidates({
  seed,
  blockCount,
  rules,
  settings,
  count,
}: {
  readonly seed: number;
  readonly blockCount: number;
  readonly rules: PhenotypeRules;
  /** Absent where candidates differ in their genomes alone. */
  readonly settings?: SettingsSpace | undefined;
  readonly count: number;
}): ListedCandidate[] {
  if (rules.blocks.length !== blockCount) {
    throw new RangeError(`rules for ${rules.blocks.length} blocks, blockCount is ${blockCount}`);
  }
  return Array.from({ length: count }, (_, slot) => {
    const rng = openStream({ seed, purpose: 'RANDOM_SEARCH', generation: 0, slot });
    const genome = drawRandomGenome(rules, rng);
    const candidate = { slot, origin: 'RANDOM', genome, lrMultipliers: lrMultipliers(genome, rules) } as const;
    return settings === undefined ? candidate : { ...candidate, settings: drawSettings(settings, rng) };
  });
}

/** The candidates of a method's list, in its order. */
export const gridCandidates = (candidates: readonly MethodCandidate[]): ListedCandidate[] =>
  candidates.map(({ lrMultipliers: multipliers, settings }, slot) => ({
    slot,
    origin: 'GRID',
    lrMultipliers: multipliers,
    ...(settings !== undefined && { settings: trialSettingsSchema.parse(settings) }),
  }));
