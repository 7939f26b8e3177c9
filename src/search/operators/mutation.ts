import type { Genome } from '../../domain/job/genome.js';
import { type Rng, drawSigned } from '../rng.js';
import { clipToUnit } from '../unit-interval.js';

/**
 * Moves each gene and the threshold, with the chance of `mutationRate`, by at most `extinctionProbability` either way.
 *
 * The threshold evolves like a gene, so the paper's n is here B + 1.
 * @param extinctionProbability Mean of the parents', in [0, 1]. At 0 nothing moves; at 1 everything does, by U[-1, 1).
 * @returns a genome clipped to [0, 1].
 * @see Davila et al., arXiv 2508.15367.
 */
export function mutate({ genes, threshold }: Genome, extinctionProbability: number, rng: Rng): Genome {
  const rate = mutationRate(extinctionProbability, genes.length + 1);
  const move = (value: number) =>
    rng.next() < rate ? clipToUnit(value + drawSigned(rng) * extinctionProbability) : value;
  return { genes: genes.map(move), threshold: move(threshold) };
}

/** The chance that one of n values mutates: (rho (n - 1) + 1) / n, so 1 / n for the best parents and 1 for the worst. */
export const mutationRate = (extinctionProbability: number, valueCount: number): number =>
  (extinctionProbability * (valueCount - 1) + 1) / valueCount;
