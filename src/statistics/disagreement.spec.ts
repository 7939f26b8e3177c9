import { expect, it } from 'vitest';
import { disagreement } from './disagreement.js';

it('counts images on which exactly one is right, not those on which both are wrong in another way', () => {
  const labels = [0, 1, 2, 2, 1];
  expect(disagreement([0, 1, 0, 2, 0], [0, 2, 1, 0, 1], labels)).toBe(3 / 5);
  expect(disagreement(labels, labels, labels)).toBe(0);
});

it.each([
  [[0], [0, 1], [0, 1]],
  [[0, 1], [0], [0, 1]],
  [[], [], []],
])('refuses %j and %j for %j', (a, b, labels) => {
  expect(() => disagreement(a, b, labels)).toThrow(RangeError);
});
