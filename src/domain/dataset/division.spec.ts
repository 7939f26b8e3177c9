import { expect, it } from 'vitest';
import { partCountOf, redividedCountsOf } from './division.js';

const classesOf = (train: number, validation: number) => [
  { imageCount: { train: train - 1, validation: validation - 1, test: 50 } },
  { imageCount: { train: 1, validation: 1, test: 50 } },
];

it.each([
  [400, 200, 3],
  [700, 150, 6],
  [14, 10, 3],
  [10, 90, 2],
])('a division of %i + %i images has %i parts', (train, validation, partCount) => {
  expect(partCountOf(classesOf(train, validation))).toBe(partCount);
});

it('leaves every training at least the images that it has as the dataset is divided', () => {
  for (let validation = 2; validation < 40; validation++) {
    for (let train = 2; train < 80; train++) {
      const largestPart = Math.ceil((train + validation) / partCountOf(classesOf(train, validation)));
      expect(train + validation - largestPart, `${train} + ${validation}`).toBeGreaterThanOrEqual(train);
    }
  }
});

it.each([
  [400, 200, 400, 200],
  [14, 10, 16, 8],
  [700, 150, 708, 142],
])('a training of %i + %i images has %i and %i of them where they are redivided', (train, validation, ...expected) => {
  const counts = redividedCountsOf(classesOf(train, validation));
  expect([counts.train, counts.validation]).toEqual(expected);
});

it('counts the images of parts of a given number', () => {
  expect(redividedCountsOf(classesOf(400, 200), 2)).toEqual({ train: 300, validation: 300 });
  expect(redividedCountsOf(classesOf(400, 201), 10)).toEqual({ train: 541, validation: 60 });
});
