import { expect, it } from 'vitest';
import { nonDominated, valuesToKeepLow } from './search-objectives.js';

it('keeps what none is as good as in every value and better than in one, in its order', () => {
  const items = [
    [3, 3],
    [1, 5],
    [2, 4],
    [2, 5],
    [1, 5],
    [5, 1],
  ];
  expect(nonDominated(items, (values) => values)).toEqual([
    [3, 3],
    [1, 5],
    [2, 4],
    [1, 5],
    [5, 1],
  ]);
});

it('gives values in one order, without those that are no objective', () => {
  expect(valuesToKeepLow({ trainedParameterCount: 7, inferenceMultiplyAccumulates: 3 })).toEqual([3, 7]);
  expect(valuesToKeepLow({ trainedParameterCount: 7 })).toEqual([7]);
  expect(valuesToKeepLow({})).toEqual([]);
});
