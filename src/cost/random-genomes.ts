import type { BlockConstraint } from '../domain/job/block-constraint.js';
import type { PartCost } from './forward-costs.js';
import type { ImageCosts } from './image-costs.js';

/** A block, and whether genomes decide about it. */
export interface SearchedBlock {
  readonly cost: PartCost;
  readonly policy: BlockConstraint['policy'];
}

/**
 * The mean of `imageCosts` over random genomes: genes and threshold from U[0, 1), drawn again until a block trains. For
 * an estimate of what a search costs before it has begun; evolution then moves away from this mean.
 *
 * Exact, not sampled. At threshold ε a free block trains with chance 1 - ε, apart from the others; integrated over ε,
 *
 * - a free block trains with chance 1/2;
 * - of the free blocks, number j (from 0) is the first that trains with chance ∫ ε^j (1 - ε) dε = 1 / ((j + 1)(j + 2));
 * - none of j free blocks trains with chance 1 / (j + 1); where no other block must train, that is drawn again.
 *
 * @param blocks The whole network, input side first.
 * @param isPrefixCached Per block, as `imageCosts` takes it where that block is the first that trains.
 * @throws {RangeError} when no block may train.
 */
export function meanCostOfRandomGenomes(
  blocks: readonly SearchedBlock[],
  isPrefixCached: readonly boolean[],
): ImageCosts {
  const firstChances = chancesToBeFirst(blocks);
  const meanOverFirst = (costOf: (first: number) => number) => sumOf(firstChances, (chance, at) => chance * costOf(at));
  const prefix = meanOverFirst((first) => (isPrefixCached[first] === true ? forward(blocks.slice(0, first)) : 0));
  const inputGradients = meanOverFirst((first) => forward(blocks.slice(first)) - (blocks[first]?.cost.firstLayer ?? 0));
  const chances = trainedChances(blocks);
  const weightGradients = sumOf(blocks, ({ cost }, block) => (chances[block] ?? 0) * cost.forward);
  const validation = forward(blocks) - prefix;
  return { training: validation + inputGradients + weightGradients, validation, prefix };
}

/** The chance of each block that a random genome trains it. */
export function trainedChances(blocks: readonly Pick<SearchedBlock, 'policy'>[]): number[] {
  const chances = { FREE: 1 / 2 / chanceOfAny(blocks), FREEZE: 0, TRAIN: 1 };
  return blocks.map(({ policy }) => chances[policy]);
}

/** The chance of each block that it is the first that trains. */
function chancesToBeFirst(blocks: readonly SearchedBlock[]): number[] {
  const certain = blocks.findIndex(({ policy }) => policy === 'TRAIN');
  return blocks.map(({ policy }, block) => {
    const before = freeCount(blocks.slice(0, block));
    if (block === certain) return 1 / (before + 1);
    const canBeFirst = policy === 'FREE' && (certain < 0 || block < certain);
    return canBeFirst ? 1 / ((before + 1) * (before + 2)) / chanceOfAny(blocks) : 0;
  });
}

/** The chance that a draw trains a block. */
function chanceOfAny(blocks: readonly Pick<SearchedBlock, 'policy'>[]): number {
  if (blocks.some(({ policy }) => policy === 'TRAIN')) return 1;
  const count = freeCount(blocks);
  if (count === 0) throw new RangeError(`none of ${blocks.length} blocks may train`);
  return 1 - 1 / (count + 1);
}

const freeCount = (blocks: readonly Pick<SearchedBlock, 'policy'>[]) =>
  blocks.filter(({ policy }) => policy === 'FREE').length;

const forward = (blocks: readonly SearchedBlock[]) => sumOf(blocks, ({ cost }) => cost.forward);

function sumOf<T>(values: readonly T[], numberOf: (value: T, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + numberOf(value, index), 0);
}
