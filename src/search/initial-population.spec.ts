import { expect, it } from 'vitest';
import { selectsABlock } from '../domain/genome.js';
import { drawGenome, drawInitialGenome } from './initial-population.js';
import type { Rng } from './rng.js';
import { openStream } from './rng.js';

const scripted = (...draws: number[]): Rng => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});

it('draws genes, then threshold', () => {
  expect(drawInitialGenome(2, scripted(0.2, 0.7, 0.5))).toEqual({ genes: [0.2, 0.7], threshold: 0.5 });
});

it('draws again until a block is selected', () => {
  const genome = drawInitialGenome(2, scripted(0.2, 0.3, 0.5, 0.1, 0.1, 0.9, 0.6, 0.1, 0.5));
  expect(genome).toEqual({ genes: [0.6, 0.1], threshold: 0.5 });
});

it('does not take a gene that equals the threshold for selected', () => {
  expect(drawInitialGenome(1, scripted(0.5, 0.5, 0.6, 0.5))).toEqual({ genes: [0.6], threshold: 0.5 });
});

it('draws a genome of any other kind once, even if it selects no block', () => {
  expect(drawGenome(2, scripted(0.2, 0.3, 0.5))).toEqual({ genes: [0.2, 0.3], threshold: 0.5 });
});

it('selects a block in every one of 1000 initial genomes of a one-block model', () => {
  const genomes = Array.from({ length: 1000 }, (_, slot) =>
    drawInitialGenome(1, openStream({ seed: 1, purpose: 'INITIAL', generation: 0, slot })),
  );
  expect(genomes.every(selectsABlock)).toBe(true);
});

it('refuses a model without blocks instead of drawing for ever', () => {
  expect(() => drawInitialGenome(0, { next: () => 0.5 })).toThrow('blockCount is 0');
});
