import { expect, it } from 'vitest';
import { rankCorrelation } from './rank-correlation.js';

it('is 1 for the same order, whatever the distances, and -1 for the reverse', () => {
  expect(
    rankCorrelation([
      [1, 10],
      [2, 11],
      [300, 12],
    ]),
  ).toBe(1);
  expect(
    rankCorrelation([
      [1, 9],
      [2, 8],
      [3, -70],
    ]),
  ).toBe(-1);
});

it('gives equals the mean of their ranks', () => {
  // Ranks 0, 1.5, 1.5, 3 beside 0, 1, 2, 3: the covariance is 4.5, the squares 4.5 and 5.
  const pairs = [
    [1, 1],
    [2, 2],
    [2, 3],
    [3, 4],
  ] as const;
  expect(rankCorrelation(pairs)).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

it('is not there where a figure is the same for all, and of nothing', () => {
  expect(
    rankCorrelation([
      [1, 1],
      [1, 2],
    ]),
  ).toBeUndefined();
  expect(rankCorrelation([])).toBeUndefined();
});
