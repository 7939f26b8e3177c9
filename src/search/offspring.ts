import type { Genome, PhenotypeRules } from '../domain/job/genome.js';
import { adopt } from './operators/adoption.js';
import { crossover } from './operators/crossover.js';
import { mutate } from './operators/mutation.js';
import { drawRandomGenome } from './random-genome.js';
import { type Individual, type Member, drawRank } from './ranking.js';
import { type DrawStream, openStream } from './rng.js';

/** A pool of this size or less has no parents left to choose between: children are random. */
const BARREN_POOL_SIZE = 2;

/** A child before its evaluation. */
export interface Child {
  readonly origin: 'OFFSPRING' | 'RANDOM';
  readonly genome: Genome;
  /** The parents of the child; none if it is random. */
  readonly parents: readonly Member[];
}

/**
 * Makes a child by crossover, mutation and adoption, in this order; a random one from a pool of two or fewer, whether it has
 * shrunk or the population is that small.
 *
 * The parents are two members (the second is drawn until it is another one; their genomes may be equal), the prototype is
 * any. A random child selects a block, under the rules; a child of parents may select none.
 * @param pool The members by rank, the likeliest parent first.
 * @param rules A rule for each gene of a genome.
 * @see Davila et al., arXiv 2508.15367.
 */
export function makeChild(pool: readonly Member[], rules: PhenotypeRules, stream: Omit<DrawStream, 'purpose'>): Child {
  if (pool.length <= BARREN_POOL_SIZE) {
    const genome = drawRandomGenome(rules, openStream({ ...stream, purpose: 'RANDOM' }));
    return { origin: 'RANDOM', genome, parents: [] };
  }
  const rng = openStream({ ...stream, purpose: 'OFFSPRING' });
  const drawMember = () => memberAt(pool, drawRank(pool.length, rng));
  const first = drawMember();
  let second = drawMember();
  while (second === first) second = drawMember();
  const prototype = drawMember();
  const extinctionProbability = (first.extinctionProbability + second.extinctionProbability) / 2;
  const mutant = mutate(crossover(first.genome, second.genome, rng), extinctionProbability, rng);
  const family = { parents: [first.genome, second.genome], prototype: prototype.genome } as const;
  return { origin: 'OFFSPRING', genome: adopt(mutant, family, rng), parents: [first, second] };
}

/** The pool that the next sibling sees: a parent strictly worse than its child has left. */
export function poolAfter(
  pool: readonly Member[],
  { parents }: Pick<Child, 'parents'>,
  { fitness }: Pick<Individual, 'fitness'>,
): Member[] {
  return pool.filter((member) => !(parents.includes(member) && member.fitness > fitness));
}

function memberAt(pool: readonly Member[], rank: number): Member {
  const member = pool[rank];
  if (member === undefined) throw new RangeError(`rank ${rank} of a pool of ${pool.length}`);
  return member;
}
