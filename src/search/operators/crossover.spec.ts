import { expect, it } from 'vitest';
import { type Rng, openStream } from '../rng.js';
import { crossover } from './crossover.js';

const scripted = (...draws: number[]): Rng => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});
const FIRST = { genes: [1, 0.5], threshold: 0.25 };
const SECOND = { genes: [0, 0.25], threshold: 0.75 };

it('blends each gene, then the threshold, with a share of its own', () => {
  expect(crossover(FIRST, SECOND, scripted(0.25, 0.5, 0.75))).toEqual({ genes: [0.25, 0.375], threshold: 0.375 });
});

it('is the second parent where the share of the first is 0', () => {
  expect(crossover(FIRST, SECOND, scripted(0, 0, 0))).toEqual(SECOND);
});

it('stays in [0, 1] without clipping, at the very border', () => {
  const genome = { genes: Array.from({ length: 20_000 }, () => 1), threshold: 1 };
  const child = crossover(genome, genome, openStream({ seed: 1, purpose: 'OFFSPRING', generation: 1, slot: 0 }));
  expect(Math.max(...child.genes)).toBe(1);
});
