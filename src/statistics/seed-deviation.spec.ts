import { expect, it } from 'vitest';
import { pooledSeedDeviation } from './seed-deviation.js';

it('pools the squares within trials, whatever the trials differ by', () => {
  // Squares 2 and 8 and 0 over 2, 1 and 0 degrees of freedom.
  expect(pooledSeedDeviation([[1, 2, 3], [14, 18], [50]])).toBeCloseTo(Math.sqrt(10 / 3), 12);
});

it('is what one group has alone', () => {
  expect(pooledSeedDeviation([[0.91, 0.93]])).toBeCloseTo(0.02 / Math.SQRT2, 12);
});

it.each([[[]], [[[0.9], [0.8]]]])('is unknown without two seeds of one trial: %j', (groups) => {
  expect(pooledSeedDeviation(groups)).toBeUndefined();
});
