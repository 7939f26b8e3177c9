import { describe, expect, it } from 'vitest';
import { config, freeRules, nextTrials } from '../../test/fixtures/search-run.js';
import type { PhenotypeRules } from '../domain/genome.js';
import {
  layerDecayMultipliers,
  randomSearchCandidates,
  suffixGridCandidates,
  tunedRateCandidates,
} from './candidate-lists.js';
import { drawGenome } from './initial-population.js';
import { openStream } from './rng.js';

const RATES = [4, 1, 0.25];
const slots = (candidates: readonly { readonly slot: number }[]) => candidates.map(({ slot }) => slot);

describe('randomSearchCandidates', () => {
  const random = { seed: 684, blockCount: 6, rules: freeRules(6), count: 140 };

  it('gives as many genomes of the space as asked, each with the multipliers of its phenotype', () => {
    const candidates = randomSearchCandidates(random);
    expect(slots(candidates)).toEqual(Array.from({ length: 140 }, (_, slot) => slot));
    for (const { origin, genome, lrMultipliers } of candidates) {
      const { genes, threshold } = genome ?? expect.unreachable();
      expect(origin).toBe('RANDOM');
      expect([...genes, threshold].every((value) => value >= 0 && value < 1)).toBe(true);
      expect(lrMultipliers).toEqual(genes.map((gene) => (gene > threshold ? 10 ** (2 * (gene - 0.5)) : 0)));
      expect(lrMultipliers.some((multiplier) => multiplier > 0)).toBe(true);
    }
  });

  it('draws every slot from a stream of its own, whatever the count, and again until a block is selected', () => {
    const one = { ...random, blockCount: 1, rules: freeRules(1) };
    const redrawn = randomSearchCandidates({ ...one, count: 300 }).filter(({ slot, genome }) => {
      const rng = openStream({ seed: 684, purpose: 'RANDOM_SEARCH', generation: 0, slot });
      const barren = [];
      let drawn = drawGenome(1, rng);
      for (; (drawn.genes[0] ?? 0) <= drawn.threshold; drawn = drawGenome(1, rng)) barren.push(drawn);
      expect(genome).toEqual(drawn);
      return barren.length > 0;
    });
    expect(redrawn.length).toBeGreaterThan(100);
    expect(randomSearchCandidates({ ...random, count: 7 })).toEqual(randomSearchCandidates(random).slice(0, 7));
  });

  it('gives other genomes for another seed', () => {
    const genomes = new Set(
      [684, 685]
        .flatMap((seed) => randomSearchCandidates({ ...random, seed }))
        .map(({ genome }) => JSON.stringify(genome)),
    );
    expect(genomes.size).toBe(280);
  });

  it('shares no genome with the initial population of the same seed', () => {
    const initial = nextTrials(config('BATCH_SYNC', { populationSize: 140 }), []).map(({ genome }) => genome);
    const genomes = [...initial, ...randomSearchCandidates(random).map(({ genome }) => genome)];
    expect(new Set(genomes.map((genome) => JSON.stringify(genome))).size).toBe(280);
  });

  it('keeps constraints, over 200 seeds', () => {
    const rules: PhenotypeRules = {
      usesRateGenes: true,
      blocks: [{ policy: 'FREEZE' }, { policy: 'FREE', lrMultiplierMax: 2 }, { policy: 'FREE' }],
    };
    for (let seed = 0; seed < 200; seed += 1) {
      for (const { lrMultipliers } of randomSearchCandidates({ seed, blockCount: 3, rules, count: 10 })) {
        const [frozen, bounded = NaN, free = NaN] = lrMultipliers;
        expect(frozen).toBe(0);
        expect(bounded).toBeLessThanOrEqual(2);
        expect(bounded + free).toBeGreaterThan(0);
      }
    }
  });

  it('refuses rules for another number of blocks, and rules that freeze all', () => {
    expect(() => randomSearchCandidates({ ...random, blockCount: 5 })).toThrow('rules for 6 blocks, blockCount is 5');
    const rules: PhenotypeRules = { usesRateGenes: true, blocks: [{ policy: 'FREEZE' }] };
    expect(() => randomSearchCandidates({ ...random, blockCount: 1, rules })).toThrow('none of 1 blocks may train');
  });
});

describe('suffixGridCandidates', () => {
  it('trains the last k blocks at each rate, in units of the base learning rate', () => {
    const candidates = suffixGridCandidates({ blockCount: 3, rates: RATES, baseLearningRate: 0.5 });
    expect(candidates.map(({ lrMultipliers }) => lrMultipliers)).toEqual([
      [0, 0, 8],
      [0, 0, 2],
      [0, 0, 0.5],
      [0, 8, 8],
      [0, 2, 2],
      [0, 0.5, 0.5],
      [8, 8, 8],
      [2, 2, 2],
      [0.5, 0.5, 0.5],
    ]);
    expect(slots(candidates)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(candidates.every(({ origin, genome }) => origin === 'GRID' && genome === undefined)).toBe(true);
  });

  it.each([1, 6, 9, 14])('has 3 B different candidates at 3 rates, of %d blocks', (blockCount) => {
    const candidates = suffixGridCandidates({ blockCount, rates: [3e-3, 1e-3, 3e-4], baseLearningRate: 1e-3 });
    expect(candidates).toHaveLength(3 * blockCount);
    expect(new Set(candidates.map(({ lrMultipliers }) => lrMultipliers.join())).size).toBe(3 * blockCount);
  });
});

it('tunedRateCandidates trains all blocks at each rate', () => {
  const candidates = tunedRateCandidates({ blockCount: 2, rates: RATES, baseLearningRate: 0.5 });
  expect(candidates).toEqual([
    { slot: 0, origin: 'GRID', lrMultipliers: [8, 8] },
    { slot: 1, origin: 'GRID', lrMultipliers: [2, 2] },
    { slot: 2, origin: 'GRID', lrMultipliers: [0.5, 0.5] },
  ]);
});

it('layerDecayMultipliers is decay^(L - l - 1): 1 for the last block', () => {
  expect(layerDecayMultipliers(4, 0.5)).toEqual([0.125, 0.25, 0.5, 1]);
  expect(layerDecayMultipliers(3, 1)).toEqual([1, 1, 1]);
});
