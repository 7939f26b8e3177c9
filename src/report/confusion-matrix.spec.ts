import { expect, it } from 'vitest';
import { confusionMatrix } from './confusion-matrix.js';

it('counts, for each class, what its images were taken for', () => {
  const report = { labels: [0, 0, 0, 2, 2], predictions: [0, 1, 1, 2, 0] };
  expect(confusionMatrix(report, 3)).toEqual([{ counts: [1, 2, 0] }, { counts: [0, 0, 0] }, { counts: [1, 0, 1] }]);
});

it.each([
  ['a class that is none', { labels: [3], predictions: [0] }],
  ['a prediction that is none', { labels: [0], predictions: [3] }],
  ['no prediction', { labels: [0], predictions: [] }],
])('refuses %s', (_, report) => {
  expect(() => confusionMatrix(report, 3)).toThrow(RangeError);
});
