import { describe, expect, it } from 'vitest';
import { partCountOf, smallestDivision } from './division.js';

const classesOf = (train: number, validation: number) => [
  { imageCount: { train: train - 1, validation: validation - 1, test: 50 } },
  { imageCount: { train: 1, validation: 1, test: 50 } },
];

describe('a division', () => {
  it.each([
    [400, 200, 3, 400],
    [700, 150, 6, 708],
    [10, 90, 2, 50],
    [120, 60, 3, 120],
  ])('of %i + %i images has %i parts and trains on %i at least', (train, validation, partCount, trainCount) => {
    expect(partCountOf(classesOf(train, validation))).toBe(partCount);
    expect(smallestDivision(classesOf(train, validation))).toBe(trainCount);
  });
});
