import { expect, it } from 'vitest';
import { disagreement } from './disagreement.js';

it('counts images on which exactly one is right, not those on which both are wrong in another way', () => {
  const labels = [0, 1, 2, 2, 1];
  const test = { labels, classCount: 3 };
  expect(disagreement([0, 1, 0, 2, 0], [0, 2, 1, 0, 1], test).all).toBe(3 / 5);
  expect(disagreement(labels, labels, test).all).toBe(0);
});

it('tells the share of each class, and none of a class without images', () => {
  const test = { labels: [0, 0, 0, 0, 2, 2], classCount: 4 };
  const found = disagreement([0, 0, 0, 1, 2, 2], [0, 0, 0, 0, 2, 3], test);
  expect(found).toEqual({ all: 2 / 6, byClass: [1 / 4, undefined, 1 / 2, undefined] });
});

it.each([
  [[0], [0, 1], [0, 1]],
  [[0, 1], [0], [0, 1]],
  [[], [], []],
  [[0], [0], [2]],
])('refuses %j and %j for %j', (a, b, labels) => {
  expect(() => disagreement(a, b, { labels, classCount: 2 })).toThrow(RangeError);
});
