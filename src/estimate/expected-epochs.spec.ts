import { expect, it } from 'vitest';
import { expectedEpochCount } from './expected-epochs.js';

it.each([
  [10, [], 10],
  // All have 3, six of ten 7 more.
  [10, [3], 7.2],
  // All have 3, six of ten 6 more, and six of ten of these 21 more.
  [30, [3, 9], 14.16],
])('%d epochs with rungs at %j are %d on the mean', (epochCount, rungs, expected) => {
  expect(expectedEpochCount(epochCount, rungs)).toBeCloseTo(expected, 12);
});
