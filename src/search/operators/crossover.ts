import type { Genome } from '../../domain/job/genome.js';
import type { Rng } from '../rng.js';

/**
 * Blends two parents: r·first + (1 - r)·second, with an r from U[0, 1) for each gene and one for the threshold.
 *
 * @param first, second Genomes of equally many genes.
 * @returns a genome between its parents in every gene, hence in [0, 1] without clipping.
 * @see Davila et al., arXiv 2508.15367.
 */
export function crossover(first: Genome, second: Genome, rng: Rng): Genome {
  const blend = (a: number, b: number) => {
    const share = rng.next();
    return share * a + (1 - share) * b;
  };
  return {
    genes: first.genes.map((gene, block) => blend(gene, second.genes[block] ?? gene)),
    threshold: blend(first.threshold, second.threshold),
  };
}
