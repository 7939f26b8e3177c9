import { describe, expect, it } from 'vitest';
import { freeRules } from '../../test/fixtures/search-run.js';
import { type PhenotypeRules, selectsABlock } from '../domain/job/genome.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { makeChild, poolAfter } from './offspring.js';
import { adopt } from './operators/adoption.js';
import { crossover } from './operators/crossover.js';
import { mutate } from './operators/mutation.js';
import { drawGenome } from './random-genome.js';
import { drawRank, newcomer, rankPopulation } from './ranking.js';
import { openStream } from './rng.js';

const pool = (...fitnesses: number[]) =>
  rankPopulation(
    fitnesses.map((fitness) => newcomer({ genome: { genes: [fitness, 0.5], threshold: 0.1 }, fitness })),
    SEARCH_MODES.PAPER.evolution,
  );
const TWO_BLOCKS = freeRules(2);
const stream = (slot: number) => ({ seed: 1, generation: 1, slot });
const SLOTS = Array.from({ length: 500 }, (_, slot) => slot);

describe('makeChild', () => {
  it('has two different parents from the pool', () => {
    const three = pool(0.1, 0.2, 0.3);
    for (const slot of SLOTS) {
      const { origin, parents } = makeChild(three, TWO_BLOCKS, stream(slot));
      expect(origin).toBe('OFFSPRING');
      expect(new Set(parents).size).toBe(2);
      expect(parents.every((parent) => three.includes(parent))).toBe(true);
    }
  });

  it("crosses its parents, mutates by their mean extinction probability, then adopts, all from the slot's stream", () => {
    const four = pool(0.1, 0.2, 0.5, 0.9);
    for (const slot of SLOTS) {
      const { genome, parents } = makeChild(four, TWO_BLOCKS, stream(slot));
      const rng = openStream({ ...stream(slot), purpose: 'OFFSPRING' });
      const drawUntil = (isTaken: (member: (typeof four)[number] | undefined) => boolean) => {
        let member = four[drawRank(4, rng)];
        while (!isTaken(member)) member = four[drawRank(4, rng)];
        return member ?? expect.unreachable();
      };
      const first = drawUntil(() => true);
      const second = drawUntil((member) => member !== first);
      const { genome: prototype } = drawUntil(() => true);
      expect(parents).toEqual([first, second]);
      const mean = (first.extinctionProbability + second.extinctionProbability) / 2;
      const mutant = mutate(crossover(first.genome, second.genome, rng), mean, rng);
      expect(genome).toEqual(adopt(mutant, { parents: [first.genome, second.genome], prototype }, rng));
    }
  });

  it('takes better individuals as parents more often', () => {
    const three = pool(0.1, 0.2, 0.3);
    const counts = three.map(
      (one) => SLOTS.filter((slot) => makeChild(three, TWO_BLOCKS, stream(slot)).parents.includes(one)).length,
    );
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(new Set(counts).size).toBe(3);
  });

  it('is random when two or fewer are left in the pool', () => {
    const child = makeChild(pool(0.1, 0.2), TWO_BLOCKS, stream(0));
    expect(child).toMatchObject({ origin: 'RANDOM', parents: [] });
    expect(makeChild([], TWO_BLOCKS, stream(0))).toEqual(child);
    expect(makeChild(pool(0.1), TWO_BLOCKS, stream(1)).genome).not.toEqual(child.genome);
  });

  it('is drawn again, if random, until it selects a block that may train', () => {
    const rules: PhenotypeRules = { usesRateGenes: true, blocks: [{ policy: 'FREEZE' }, { policy: 'FREE' }] };
    const redrawn = SLOTS.filter((slot) => {
      const rng = openStream({ ...stream(slot), purpose: 'RANDOM' });
      const first = drawGenome(2, rng);
      let drawn = first;
      while (!selectsABlock(drawn, rules)) drawn = drawGenome(2, rng);
      expect(makeChild([], rules, stream(slot)).genome).toEqual(drawn);
      return drawn !== first;
    });
    // one of the two blocks may train, so a draw fails with chance 1 / 2
    expect(redrawn.length / SLOTS.length).toBeCloseTo(0.5, 1);
  });

  it('of parents is not drawn again when it selects no block', () => {
    const barren = [1, 2, 3].map((fitness) =>
      newcomer({ genome: { genes: [0.1, 0.1], threshold: 0.9 }, fitness: fitness / 10 }),
    );
    expect(selectsABlock(makeChild(barren, TWO_BLOCKS, stream(0)).genome, TWO_BLOCKS)).toBe(false);
  });

  it('of equal parents without extinction probability is equal to them', () => {
    const same = pool(0.5, 0.5, 0.5).map((one) => ({ ...one, extinctionProbability: 0 }));
    const { genome } = makeChild(same, TWO_BLOCKS, stream(0));
    expect(genome.genes[0]).toBeCloseTo(0.5, 15);
    expect(genome.threshold).toBeCloseTo(0.1, 15);
  });
});

describe('poolAfter', () => {
  const all = pool(0.1, 0.2, 0.3);
  const [best, middle, worst] = [all.slice(0, 1), all.slice(1, 2), all.slice(2)];

  it('loses a parent that is worse than its child', () => {
    expect(poolAfter(all, { parents: [...best, ...worst] }, { fitness: 0.15 })).toEqual([...best, ...middle]);
  });

  it('loses both parents of a child that is better than both', () => {
    expect(poolAfter(all, { parents: [...middle, ...worst] }, { fitness: 0.1 })).toEqual(best);
  });

  it('keeps a parent as good as its child, and one that is no parent', () => {
    expect(poolAfter(all, { parents: [...best, ...middle] }, { fitness: 0.2 })).toEqual(all);
  });
});
