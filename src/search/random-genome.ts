import { type Genome, type PhenotypeRules, selectsABlock } from '../domain/job/genome.js';
import type { Rng } from './rng.js';

/**
 * Draws a genome of the initial population, or of a random child: genes and threshold from U[0, 1), again until at least one
 * block is selected.
 *
 * @param rules A rule for each of B blocks. With FREE ones alone, F in number, a try fails with chance 1 / (F + 1).
 * @throws {RangeError} when no block may train.
 * @see Davila et al., arXiv 2508.15367.
 */
export function drawRandomGenome(rules: PhenotypeRules, rng: Rng): Genome {
  const blockCount = rules.blocks.length;
  if (rules.blocks.every(({ policy }) => policy === 'FREEZE')) {
    throw new RangeError(`none of ${blockCount} blocks may train`);
  }
  let genome = drawGenome(blockCount, rng);
  while (!selectsABlock(genome, rules)) genome = drawGenome(blockCount, rng);
  return genome;
}

/** Draws genes, then threshold, from U[0, 1); the genome may select no block. */
export function drawGenome(blockCount: number, rng: Rng): Genome {
  return { genes: Array.from({ length: blockCount }, () => rng.next()), threshold: rng.next() };
}
