import { expect, it } from 'vitest';
import type { Rng } from '../rng.js';
import { adopt } from './adoption.js';

const scripted = (...draws: number[]): Rng => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});
const CHILD = { genes: [0.5, 0], threshold: 0.25 };
const FAMILY = {
  parents: [
    { genes: [1, 0.25], threshold: 0.5 },
    { genes: [0.5, 0.75], threshold: 1 },
  ],
  prototype: { genes: [0, 1], threshold: 0.75 },
} as const;

it('at k = 0 moves towards the prototype only', () => {
  expect(adopt(CHILD, FAMILY, scripted(0, 0.9, 0.5))).toEqual({ genes: [0.25, 0.5], threshold: 0.5 });
});

it("at k = 1 moves towards the parents' mean only", () => {
  expect(adopt(CHILD, FAMILY, scripted(1, 0.5, 0.9))).toEqual({ genes: [0.625, 0.25], threshold: 0.5 });
});

it('in between adds both moves, each seen from where the child was', () => {
  // k·u1 = 0.25 of the way to the mean, (1 - k)·u2 = 0.5·0.25 of the way to the prototype
  expect(adopt(CHILD, FAMILY, scripted(0.5, 0.5, 0.25))).toEqual({ genes: [0.5, 0.25], threshold: 0.4375 });
});

it('leaves a child where it is when both steps are 0', () => {
  expect(adopt(CHILD, FAMILY, scripted(0.5, 0, 0))).toEqual(CHILD);
});

it('uses the same three draws for every gene', () => {
  const genes = Array.from({ length: 14 }, () => 0.5);
  const same = { genes, threshold: 0.5 };
  const family = { parents: [same, same], prototype: { genes: genes.map(() => 1), threshold: 1 } } as const;
  const adopted = adopt(same, family, scripted(0.3, 0.4, 0.6));
  expect(new Set([...adopted.genes, adopted.threshold]).size).toBe(1);
});
