import type { Genome } from '../domain/genome.js';
import { selectsABlock } from '../domain/genome.js';
import type { Rng } from './rng.js';

/**
 * Draws a genome of the initial population: genes and threshold from U[0, 1), again until at least one block is selected.
 *
 * @param blockCount B, at least 1. A try fails with chance 1 / (B + 1).
 * @see Davila et al., arXiv 2508.15367.
 */
export function drawInitialGenome(blockCount: number, rng: Rng): Genome {
  if (blockCount < 1) throw new RangeError(`blockCount is ${blockCount}, must be 1 or more`);
  let genome = drawGenome(blockCount, rng);
  while (!selectsABlock(genome)) genome = drawGenome(blockCount, rng);
  return genome;
}

/** Draws genes, then threshold, from U[0, 1); the genome may select no block. */
export function drawGenome(blockCount: number, rng: Rng): Genome {
  return { genes: Array.from({ length: blockCount }, () => rng.next()), threshold: rng.next() };
}
