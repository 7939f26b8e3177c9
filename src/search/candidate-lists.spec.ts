import { describe, expect, it } from 'vitest';
import { config, freeRules, nextTrials } from '../../test/fixtures/search-run.js';
import type { PhenotypeRules } from '../domain/job/genome.js';
import { gridCandidates, randomSearchCandidates } from './candidate-lists.js';
import { drawGenome } from './random-genome.js';
import { openStream } from './rng.js';

const slots = (candidates: readonly { readonly slot: number }[]) => candidates.map(({ slot }) => slot);

describe('randomSearchCandidates', () => {
  const random = { seed: 684, blockCount: 6, rules: freeRules(6), count: 140 };

  it('gives as many genomes of the space as requested, each with the multipliers of its phenotype', () => {
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

  it('draws open settings after the genome, which is the same with them and without', () => {
    const space = { epochCount: { min: 2, max: 9 }, augmentation: [], imageSizePx: [64, 96], batchSize: [] };
    const candidates = randomSearchCandidates({ ...random, settings: { space, defaults: {} } });
    expect(candidates.map(({ settings: _settings, ...rest }) => rest)).toEqual(randomSearchCandidates(random));
    expect(new Set(candidates.map(({ settings }) => settings?.imageSizePx))).toEqual(new Set([64, 96]));
    expect(new Set(candidates.map(({ settings }) => settings?.epochCount)).size).toBe(8);
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

describe('gridCandidates', () => {
  it('numbers its candidates, which have no genome', () => {
    expect(gridCandidates([{ lrMultipliers: [0, 8] }, { lrMultipliers: [8, 8] }])).toEqual([
      { slot: 0, origin: 'GRID', lrMultipliers: [0, 8] },
      { slot: 1, origin: 'GRID', lrMultipliers: [8, 8] },
    ]);
  });

  it('keeps what a candidate sets, and refuses what no trial can hold', () => {
    const [candidate] = gridCandidates([{ lrMultipliers: [1], settings: { alpha: 0.1 } }]);
    expect(candidate?.settings).toEqual({ alpha: 0.1 });
    expect(() => gridCandidates([{ lrMultipliers: [1], settings: { alpha: 101 } }])).toThrow('alpha');
    expect(() => gridCandidates([{ lrMultipliers: [1], settings: { other: 1 } }])).toThrow('other');
  });
});
