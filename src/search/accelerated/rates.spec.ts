import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import { openStream } from '../rng.js';
import { anchors } from './anchors.js';
import { drawRates, nearestRates } from './rates.js';

const free = (count: number): BlockRule[] => Array.from({ length: count }, () => ({ policy: 'FREE' }));

describe('the nearest rates', () => {
  it('has rates from 0.3 to 3, of three digits, and a head that is kept, slow or at the full rate', () => {
    expect(nearestRates([0.1, 10, 1 / 3, 2 / 3, 0.2], free(5))).toEqual([0.3, 3, 0.333, 0.667, 0.3]);
    expect(nearestRates([1, 1, 1, 1, 0.9], free(5))).toEqual([1, 1, 1, 1, 1]);
    expect(nearestRates([1, 1, 1, 1, 0], free(5))).toEqual([1, 1, 1, 1, 0]);
  });

  it('has up to 6 where at most two blocks before the head train', () => {
    expect(nearestRates([0, 10, 0, 5, 1], free(5))).toEqual([0, 6, 0, 5, 1]);
    expect(nearestRates([1, 10, 0, 5, 1], free(5))).toEqual([1, 3, 0, 3, 1]);
  });

  it('does what is demanded of a block, whatever was asked for', () => {
    const rules: BlockRule[] = [
      { policy: 'FREEZE' },
      { policy: 'TRAIN' },
      { policy: 'TRAIN', lrMultiplierMax: 0.1 },
      { policy: 'FREE', lrMultiplierMin: 20 },
      { policy: 'FREE', lrMultiplierMin: 2, lrMultiplierMax: 4 },
    ];
    expect(nearestRates([1, 0, 0, 1, 1], rules)).toEqual([0, 1, 0.1, 20, 2]);
    expect(nearestRates([1, 0, 0, 0, 0], rules)).toEqual([0, 1, 0.1, 0, 0]);
  });
});

it('draws half of the blocks, at rates around 1, and mostly keeps the head', () => {
  const drawn = Array.from({ length: 400 }, (_, slot) =>
    drawRates(free(9), openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot })),
  );
  const rates = drawn.flatMap((candidate) => candidate.slice(0, 8));
  const trained = rates.filter((rate) => rate > 0);
  expect(Math.abs(trained.length / rates.length - 1 / 2)).toBeLessThan(0.05);
  expect(Math.abs(trained.filter((rate) => rate > 0.95).length / trained.length - 1 / 2)).toBeLessThan(0.05);
  expect(Math.min(...trained)).toBeGreaterThanOrEqual(0.3);
  expect(Math.max(...trained)).toBeLessThanOrEqual(3);
  const kept = drawn.filter((candidate) => candidate[8] === 0).length / drawn.length;
  expect(Math.abs(kept - 0.7)).toBeLessThan(0.07);
  expect(new Set(drawn.map((candidate) => candidate[8]))).toEqual(new Set([0, 0.3, 1]));
});

describe('the anchors', () => {
  it('are suffixes, two middle stages and the whole body from a kept head, then two whose head learns', () => {
    expect(anchors(free(9))).toEqual([
      [0, 0, 0, 0, 0, 1, 1, 1, 0],
      [0, 0, 0, 0, 1, 1, 1, 1, 0],
      [0, 0, 0, 5, 0, 5, 0, 0, 0],
      [0, 0, 0, 1.5, 1.5, 1.5, 1.5, 1.5, 0],
      [1, 1, 1, 1, 1, 1, 1, 1, 0],
      [0, 0, 0, 0, 0, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]);
  });

  it.each([2, 3, 6, 14])('train something in a network of %i blocks', (count) => {
    for (const anchor of anchors(free(count))) {
      expect(anchor).toHaveLength(count);
      expect(anchor.some((rate) => rate > 0)).toBe(true);
    }
  });
});
