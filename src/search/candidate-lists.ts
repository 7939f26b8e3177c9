import type { Genome, PhenotypeRules } from '../domain/genome.js';
import { lrMultipliers } from '../domain/genome.js';
import type { TrialOrigin } from '../domain/trial.js';
import { drawInitialGenome } from './initial-population.js';
import { openStream } from './rng.js';

/** What a search without evolution evaluates: all on fold 0 and at once, as generation 0. */
export interface ListedCandidate {
  /** Place in the list. */
  readonly slot: number;
  readonly origin: Extract<TrialOrigin, 'RANDOM' | 'GRID'>;
  /** Only of a random candidate. */
  readonly genome?: Genome;
  /** One factor on the base learning rate per block, input side first; 0 where frozen. */
  readonly lrMultipliers: readonly number[];
}

/**
 * Random search over BioTune's genomes, each drawn as in an initial population; the candidate in a slot does not depend on `count`.
 *
 * @param seed The search's, an integer in [0, 2^53).
 * @param blockCount As many as `rules` has.
 * @throws RangeError if it has not, or if no block may train.
 */
export function randomSearchCandidates({
  seed,
  blockCount,
  rules,
  count,
}: {
  readonly seed: number;
  readonly blockCount: number;
  readonly rules: PhenotypeRules;
  readonly count: number;
}): ListedCandidate[] {
  if (rules.blocks.length !== blockCount) {
    throw new RangeError(`rules for ${rules.blocks.length} blocks, blockCount is ${blockCount}`);
  }
  return Array.from({ length: count }, (_, slot) => {
    const rng = openStream({ seed, purpose: 'RANDOM_SEARCH', generation: 0, slot });
    const genome = drawInitialGenome(rules, rng);
    return { slot, origin: 'RANDOM', genome, lrMultipliers: lrMultipliers(genome, rules) };
  });
}

interface RateGrid {
  readonly blockCount: number;
  /** Learning rates to try, all different. */
  readonly rates: readonly number[];
  readonly baseLearningRate: number;
}

/**
 * The last k blocks, for k = 1..B, at each rate: B times the number of rates, those of k = 1 first. The
 * cheap list that a search has to beat.
 */
export function suffixGridCandidates(grid: RateGrid): ListedCandidate[] {
  const blocks = Array.from({ length: grid.blockCount }, (_, block) => block);
  return gridCandidates(blocks.toReversed().flatMap((first) => atEachRate(grid, first)));
}

/** All blocks at each rate: full fine-tuning with its learning rate tuned. */
export const tunedRateCandidates = (grid: RateGrid): ListedCandidate[] => gridCandidates(atEachRate(grid, 0));

/**
 * The multipliers of layer-wise decay: the last block has the base learning rate, each block before it `decay` times the next one's.
 *
 * @param decay In (0, 1].
 * @returns decay^(L - l - 1) for block l of L.
 */
export const layerDecayMultipliers = (blockCount: number, decay: number): number[] =>
  Array.from({ length: blockCount }, (_, block) => decay ** (blockCount - block - 1));

/** The multipliers of all blocks from `first` on, at each rate. */
const atEachRate = ({ blockCount, rates, baseLearningRate }: RateGrid, first: number): number[][] =>
  rates.map((rate) => Array.from({ length: blockCount }, (_, block) => (block < first ? 0 : rate / baseLearningRate)));

const gridCandidates = (rows: readonly number[][]): ListedCandidate[] =>
  rows.map((multipliers, slot) => ({ slot, origin: 'GRID', lrMultipliers: multipliers }));
