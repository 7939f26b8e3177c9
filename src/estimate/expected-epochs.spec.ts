import { expect, it } from 'vitest';
import { expectedEpochCount } from './expected-epochs.js';

it.each([
  [10, [], 10],
  // All have 3, three of four 7 more.
  [10, [3], 8.25],
  // All have 3, three of four 6 more, and three of four of these 21 more.
  [30, [3, 9], 19.3125],
])('%d epochs with rungs at %j are %d on the mean', (epochCount, rungs, expected) => {
  expect(expectedEpochCount(epochCount, rungs)).toBeCloseTo(expected, 12);
});
