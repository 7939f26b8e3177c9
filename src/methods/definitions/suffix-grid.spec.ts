import { expect, it } from 'vitest';
import { suffixGrid } from './suffix-grid.js';

it('trains the last k blocks at each rate, in units of the base learning rate', () => {
  const candidates = suffixGrid.candidates({ blockCount: 3, baseLearningRate: 0.5 }, { rates: [4, 1, 0.25] });
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
});

it.each([1, 6, 9, 14])('has 3 B different candidates at 3 rates, of %d blocks', (blockCount) => {
  const candidates = suffixGrid.candidates({ blockCount, baseLearningRate: 1e-3 }, { rates: [3e-3, 1e-3, 3e-4] });
  expect(candidates).toHaveLength(3 * blockCount);
  expect(new Set(candidates.map(({ lrMultipliers }) => lrMultipliers.join())).size).toBe(3 * blockCount);
});
