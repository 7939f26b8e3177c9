import { expect, it } from 'vitest';
import { median } from './median.js';

it.each([
  [[3, 1, 2], 2],
  [[10, 4, 1, 3], 3.5],
  [[7], 7],
  [[], NaN],
])('is the middle of %j: %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});
