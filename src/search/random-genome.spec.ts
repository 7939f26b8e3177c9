import { describe, expect, it } from 'vitest';
import { freeRules } from '../../test/fixtures/search-run.js';
import { type PhenotypeRules, selectsABlock } from '../domain/job/genome.js';
import { drawGenome, drawRandomGenome } from './random-genome.js';
import { type Rng, openStream } from './rng.js';

const scripted = (...draws: number[]): Rng => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});

it('draws genes, then threshold', () => {
  expect(drawRandomGenome(freeRules(2), scripted(0.2, 0.7, 0.5))).toEqual({ genes: [0.2, 0.7], threshold: 0.5 });
});

it('draws again until a block is selected', () => {
  const genome = drawRandomGenome(freeRules(2), scripted(0.2, 0.3, 0.5, 0.1, 0.1, 0.9, 0.6, 0.1, 0.5));
  expect(genome).toEqual({ genes: [0.6, 0.1], threshold: 0.5 });
});

it('does not take a gene that equals the threshold for selected', () => {
  expect(drawRandomGenome(freeRules(1), scripted(0.5, 0.5, 0.6, 0.5))).toEqual({ genes: [0.6], threshold: 0.5 });
});

it('has one try that may select no block', () => {
  expect(drawGenome(2, scripted(0.2, 0.3, 0.5))).toEqual({ genes: [0.2, 0.3], threshold: 0.5 });
});

it('selects a block in every one of 1000 genomes of a one-block model', () => {
  const genomes = Array.from({ length: 1000 }, (_, slot) =>
    drawRandomGenome(freeRules(1), openStream({ seed: 1, purpose: 'INITIAL', generation: 0, slot })),
  );
  expect(genomes.every((genome) => selectsABlock(genome, freeRules(1)))).toBe(true);
});

describe('of constrained blocks', () => {
  const rules = (...policies: PhenotypeRules['blocks'][number]['policy'][]): PhenotypeRules => ({
    usesRateGenes: true,
    blocks: policies.map((policy) => ({ policy })),
  });

  it('draws again while only a FREEZE block has a gene above the threshold', () => {
    const genome = drawRandomGenome(rules('FREEZE', 'FREE'), scripted(0.9, 0.2, 0.5, 0.1, 0.6, 0.5));
    expect(genome).toEqual({ genes: [0.1, 0.6], threshold: 0.5 });
  });

  it('draws once if a block is TRAIN, whatever the genes', () => {
    expect(drawRandomGenome(rules('TRAIN', 'FREE'), scripted(0.1, 0.2, 0.5))).toEqual({
      genes: [0.1, 0.2],
      threshold: 0.5,
    });
  });

  it.each([
    ['without blocks', rules(), 'none of 0 blocks may train'],
    ['whose blocks are all FREEZE', rules('FREEZE', 'FREEZE'), 'none of 2 blocks may train'],
  ])('refuses a model %s instead of drawing for ever', (_, none, message) => {
    expect(() => drawRandomGenome(none, { next: () => 0.5 })).toThrow(message);
  });
});
