import { expect, it } from 'vitest';
import { fairShare } from './coordinator.js';

const sharesOf = (scopeCount: number, coordinatorCount: number) =>
  Array.from({ length: coordinatorCount }, (_, rank) => fairShare({ scopeCount, coordinatorCount, rank }));

it('gives all to one', () => {
  expect(sharesOf(7, 1)).toEqual([7]);
});

it('gives some nothing where there are fewer scopes than coordinators', () => {
  expect(sharesOf(1, 3)).toEqual([1, 0, 0]);
});

it('shares out every scope, no two shares further apart than one', () => {
  for (let scopeCount = 0; scopeCount <= 100; scopeCount += 1) {
    for (let coordinatorCount = 1; coordinatorCount <= 12; coordinatorCount += 1) {
      const shares = sharesOf(scopeCount, coordinatorCount);
      expect(shares.reduce((sum, share) => sum + share)).toBe(scopeCount);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  }
});
