import { expect, it } from 'vitest';
import { areRelatives } from './relatives.js';

const candidate = { lrMultipliers: [0, 1, 1, 0] };

it.each([
  ['equal candidates', { lrMultipliers: [0, 1, 1, 0] }, true],
  ['a block at another rate', { lrMultipliers: [0, 1, 3, 0] }, true],
  ['one block more', { lrMultipliers: [1, 1, 1, 0] }, true],
  ['two blocks at other rates', { lrMultipliers: [0, 3, 3, 0] }, false],
  ['a block in the place of another', { lrMultipliers: [1, 0, 1, 0] }, false],
  ['other settings', { lrMultipliers: [0, 1, 1, 0], settings: { baseLearningRate: 0.01 } }, false],
])('of %s', (_, other, expected) => {
  expect(areRelatives(candidate, other)).toBe(expected);
  expect(areRelatives(other, candidate)).toBe(expected);
});
