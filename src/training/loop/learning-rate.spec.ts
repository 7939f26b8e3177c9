import { describe, expect, it } from 'vitest';
import { learningRateOf, warmupFactor } from './learning-rate.js';

describe('learningRateOf', () => {
  const cosine = { type: 'COSINE', epochCount: 100 } as const;

  it('follows half a cosine from the base rate to 0, and stays there', () => {
    expect(learningRateOf(1e-3, 1, cosine)).toBe(1e-3);
    expect(learningRateOf(1e-3, 51, cosine)).toBeCloseTo(5e-4, 12);
    expect(learningRateOf(1e-3, 30, cosine)).toBeGreaterThan(0.794e-3);
    expect(learningRateOf(1e-3, 101, cosine)).toBe(0);
    expect(learningRateOf(1e-3, 150, cosine)).toBe(0);
  });

  it('stays as it is', () => {
    expect([1, 2, 1000].map((epoch) => learningRateOf(1e-3, epoch, { type: 'CONSTANT' }))).toEqual([1e-3, 1e-3, 1e-3]);
  });
});

describe('warmupFactor', () => {
  it('climbs evenly to 1, which the last step of the warm-up has, and stays there', () =>
    expect([1, 2, 3, 4, 5].map((step) => warmupFactor(step, 4))).toEqual([0.25, 0.5, 0.75, 1, 1]));
  it('is 1 without a warm-up', () => expect([1, 2].map((step) => warmupFactor(step, 0))).toEqual([1, 1]));
});
