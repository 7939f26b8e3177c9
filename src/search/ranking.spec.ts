import { describe, expect, it } from 'vitest';
import { SEARCH_MODES } from '../methods/search-modes.js';
import {
  type Individual,
  drawRank,
  extinctionProbability,
  newcomer,
  rankOfTicket,
  rankPopulation,
  sortByFitness,
  ticketCount,
} from './ranking.js';

/** How many tickets each rank holds. */
const shares = (size: number) => {
  const counts = Array.from({ length: size }, () => 0);
  for (let ticket = 0; ticket < ticketCount(size); ticket += 1) {
    const rank = rankOfTicket(ticket, size);
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  return counts;
};

const individual = (fitness: number, threshold = 0.5): Individual => ({ genome: { genes: [1], threshold }, fitness });
const [PAPER, CODE_COMPAT] = [SEARCH_MODES.PAPER.evolution, SEARCH_MODES.CODE_COMPAT.evolution];

describe('rank choice', () => {
  it('gives ten ranks 12, 10, 9, 8, 7, 6, 5, 4, 3 and 1 of 65 tickets', () => {
    expect(ticketCount(10)).toBe(65);
    expect(shares(10)).toEqual([12, 10, 9, 8, 7, 6, 5, 4, 3, 1]);
  });

  it('gives three ranks 5, 3 and 1 of 9 tickets', () => expect(shares(3)).toEqual([5, 3, 1]));

  it.each([1, 2, 4, 9, 200])('prefers the better rank and leaves none out, of %d', (size) => {
    const counts = shares(size);
    expect(counts).toHaveLength(size);
    expect(counts.every((count, rank) => count > 0 && count < (counts[rank - 1] ?? Infinity))).toBe(true);
  });

  it('draws the best rank with 12 in 65, the worst with 1 in 65', () => {
    expect(drawRank(10, { next: () => 11.9 / 65 })).toBe(0);
    expect(drawRank(10, { next: () => 12.1 / 65 })).toBe(1);
    expect(drawRank(10, { next: () => 63.9 / 65 })).toBe(8);
    expect(drawRank(10, { next: () => 1 - 2 ** -53 })).toBe(9);
  });
});

describe('extinctionProbability', () => {
  it('is 0 for the best and 1 for the worst', () => {
    const fitnesses = [0.1, 0.2, 0.7];
    expect(extinctionProbability(fitnesses, 0)).toBe(0);
    expect(extinctionProbability(fitnesses, 2)).toBe(1);
  });

  it('is (f_i + f_min (i / (N - 1) - 1)) / f_max in between', () => {
    expect(extinctionProbability([0.25, 0.5, 1], 1)).toBe((0.5 + 0.25 * (1 / 2 - 1)) / 1);
  });

  it.each([0, 0.4, 1])('is the relative rank where all fitnesses are %d', (fitness) => {
    const all = Array.from({ length: 5 }, () => fitness);
    for (const rank of all.keys()) expect(extinctionProbability(all, rank)).toBeCloseTo(rank / 4, 15);
  });
});

describe('rankPopulation', () => {
  it('sorts by fitness, best first, and keeps the given order of equals', () => {
    const ranked = rankPopulation(
      [individual(0.5, 0.1), individual(0.2, 0.2), individual(0.5, 0.3), individual(0.2, 0.4)].map(newcomer),
      PAPER,
    );
    expect(ranked.map(({ genome }) => genome.threshold)).toEqual([0.2, 0.4, 0.1, 0.3]);
  });

  it('replaces the extinction probabilities of an earlier ranking', () => {
    const [, , worst = expect.unreachable()] = rankPopulation(
      [individual(0.1), individual(0.2), individual(0.4)].map(newcomer),
      PAPER,
    );
    const ranked = rankPopulation([newcomer(individual(0.8)), worst], PAPER);
    expect(ranked.map((one) => [one.fitness, one.extinctionProbability])).toEqual([
      [0.4, 0],
      [0.8, 1],
    ]);
  });
});

describe('rankPopulation of members that are all equal', () => {
  const equals = [0.7, 0.2, 0].map((probability, index) => ({
    ...individual(0.5, index / 10),
    extinctionProbability: probability,
  }));

  it('gives relative ranks', () => {
    expect(rankPopulation(equals, PAPER).map((one) => one.extinctionProbability)).toEqual([0, 0.5, 1]);
  });

  it('leaves extinction probabilities and order as they were in CODE_COMPAT', () => {
    expect(rankPopulation(equals, CODE_COMPAT)).toEqual(equals);
  });

  it('leaves them as they were only if all are equal', () => {
    const ranked = rankPopulation([...equals, newcomer(individual(1))], CODE_COMPAT);
    expect(ranked.map((one) => one.extinctionProbability)).toEqual(
      rankPopulation(ranked, PAPER).map((one) => one.extinctionProbability),
    );
    expect(ranked.at(-1)?.extinctionProbability).toBe(1);
  });
});

it('a newcomer has the extinction probability 0', () => {
  expect(newcomer(individual(0.5))).toEqual({ ...individual(0.5), extinctionProbability: 0 });
});

it('sortByFitness leaves its argument as it was', () => {
  const given = [individual(0.5), individual(0.2)];
  expect(sortByFitness(given).map(({ fitness }) => fitness)).toEqual([0.2, 0.5]);
  expect(given.map(({ fitness }) => fitness)).toEqual([0.5, 0.2]);
});
