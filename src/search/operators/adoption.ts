import type { Genome } from '../../domain/job/genome.js';
import type { Rng } from '../rng.js';
import { clipToUnit } from '../unit-interval.js';

/** Whom a child takes after: its two parents, and a third individual that may be one of them. */
export interface Family {
  readonly parents: readonly [Genome, Genome];
  readonly prototype: Genome;
}

/**
 * Draws a child towards its parents' mean and towards a prototype, both seen from where the child was:
 * child + k·u1·(mean - child) + (1 - k)·u2·(prototype - child), with one k, u1 and u2 from U[0, 1) for the whole genome.
 *
 * @returns a genome clipped to [0, 1].
 * @see Davila et al., arXiv 2508.15367.
 */
export function adopt(child: Genome, { parents: [first, second], prototype }: Family, rng: Rng): Genome {
  const balance = rng.next();
  const towardsMean = balance * rng.next();
  const towardsPrototype = (1 - balance) * rng.next();
  const move = (own: number, a: number, b: number, model: number) =>
    clipToUnit(own + towardsMean * ((a + b) / 2 - own) + towardsPrototype * (model - own));
  return {
    genes: child.genes.map((gene, block) =>
      move(gene, first.genes[block] ?? gene, second.genes[block] ?? gene, prototype.genes[block] ?? gene),
    ),
    threshold: move(child.threshold, first.threshold, second.threshold, prototype.threshold),
  };
}
