import { expect, it } from 'vitest';
import { oneSided95 } from './student-t.mjs';

it.each([
  [1, 6.3138],
  [2, 2.92],
  [4, 2.1318],
  [10, 1.8125],
  [120, 1.6577],
  [Infinity, 1.6449],
])('the 95th percentile of %d degrees of freedom is %d, as tables have it', (freedom, quantile) => {
  expect(oneSided95(freedom)).toBeCloseTo(quantile, 3);
});
