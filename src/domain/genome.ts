import { z } from 'zod';

const unitInterval = z.number().min(0).max(1);

/** One candidate fine-tuning setup; the paper says genotype. */
export const genomeSchema = z
  .strictObject({
    /** One gene per block of the base model, input side first. */
    genes: z.array(unitInterval).min(1).max(64).readonly(),
    /** A block trains only if its gene is strictly above this. */
    threshold: unitInterval,
  })
  .meta({ id: 'Genome' });
export type Genome = Readonly<z.infer<typeof genomeSchema>>;

/**
 * Reads a genome as a training plan: which blocks learn, and how fast.
 *
 * @param genome B genes, one per block, input side first, each in [0, 1].
 * @returns B factors for the base learning rate: 0 for a frozen block, else 10^(2(gene - 0.5)), so in [0.1, 10].
 * @see Davila et al., arXiv 2508.15367 (mask S_b and weight W_b).
 */
export function lrMultipliers({ genes, threshold }: Genome): number[] {
  return genes.map((gene) => (gene > threshold ? 10 ** (2 * (gene - 0.5)) : 0));
}

/** Whether at least one block trains; a genome without one costs nothing and has fitness 1. */
export const selectsABlock = ({ genes, threshold }: Genome): boolean => genes.some((gene) => gene > threshold);
