import type { Genome } from '../domain/job/genome.js';
import type { EvolutionRules } from '../methods/search-modes.js';
import type { Result } from './history.js';
import { type Rng, drawIndex } from './rng.js';

/** A genome of the paper's, and how it did. */
export type Individual = Result<Genome>;

/** An individual in a population. */
export interface Member extends Individual {
  /** How far the individual was from the best of the population it was last ranked in, in [0, 1]; the paper's rho. */
  readonly extinctionProbability: number;
}

/** An individual that has not been ranked: its extinction probability is 0. */
export const newcomer = ({ genome, fitness }: Individual): Member => ({ genome, fitness, extinctionProbability: 0 });

/** Sorts by fitness, best first; equal ones stay in the order given. */
export function sortByFitness<T extends Individual>(individuals: readonly T[]): T[] {
  return individuals.toSorted((a, b) => a.fitness - b.fitness);
}

/**
 * Sorts a population and gives each member its extinction probability: 0 for the best, 1 for the worst.
 *
 * Equal ones stay in the order given, so the caller's order breaks ties. Where all are equal and the rules say so, each keeps
 * the probability that it came with.
 * @see Davila et al., arXiv 2508.15367.
 */
export function rankPopulation(
  members: readonly Member[],
  { keepsProbabilitiesOfEquals }: Pick<EvolutionRules, 'keepsProbabilitiesOfEquals'>,
): Member[] {
  const sorted = sortByFitness(members);
  const fitnesses = sorted.map(({ fitness }) => fitness);
  if (keepsProbabilitiesOfEquals && fitnesses.at(0) === fitnesses.at(-1)) return sorted;
  return sorted.map((member, rank) => ({ ...member, extinctionProbability: extinctionProbability(fitnesses, rank) }));
}

/**
 * The extinction probability of a rank: (f_i + f_min (i / (N - 1) - 1)) / f_max.
 *
 * Where all fitnesses are equal it is i / (N - 1), so that is also the answer when all are 0, which the paper leaves undefined.
 * @param fitnesses The fitnesses of a population of two or more, ascending, none below 0.
 * @param rank The rank, from 0, the best.
 * @see Davila et al., arXiv 2508.15367.
 */
export function extinctionProbability(fitnesses: readonly number[], rank: number): number {
  const relativeRank = rank / (fitnesses.length - 1);
  const [best = 0, worst = 0] = [fitnesses.at(0), fitnesses.at(-1)];
  return worst === 0 ? relativeRank : ((fitnesses[rank] ?? 0) + best * (relativeRank - 1)) / worst;
}

/**
 * Draws a rank, better ones more often: for ten, with chances 12, 10, 9, 8, 7, 6, 5, 4, 3 and 1 in 65.
 *
 * @param size Individuals to choose from. A pool that has lost members uses the same rule with the size it has left.
 */
export const drawRank = (size: number, rng: Rng): number => rankOfTicket(drawIndex(ticketCount(size), rng), size);

/** How many tickets `rankOfTicket` shares out among `size` ranks: n(n + 3) / 2. */
export const ticketCount = (size: number): number => (size * (size + 3)) / 2;

/**
 * The rank that holds a ticket: n + 1, n, n - 1, … are subtracted until nothing is left.
 *
 * @param ticket A ticket of 0..`ticketCount(size)` - 1. Ticket 0 is the best rank's, which so holds n + 2; the last rank holds one.
 * @see Davila et al., arXiv 2508.15367 (rank-based choice of parents).
 */
export function rankOfTicket(ticket: number, size: number): number {
  let rank = 0;
  for (let left = ticket - (size + 1); left > 0; left -= size + 1 - rank) rank += 1;
  return rank;
}
