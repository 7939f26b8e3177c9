import { describe, expect, it } from 'vitest';
import { bestOf, withTried } from './peer-unit.mjs';

const tried = [
  { lrMultipliers: [0, 1], fitness: 0.3, multiplyAccumulates: 5e12, wallSeconds: 10 },
  { lrMultipliers: [1, 1], fitness: 0.2, multiplyAccumulates: 7e12, wallSeconds: 20 },
  { lrMultipliers: [0, 1], fitness: 0.1, multiplyAccumulates: 0, wallSeconds: 5 },
];

describe('bestOf', () => {
  it('has the best first, and none twice', () =>
    expect(bestOf(tried, 3)).toEqual([
      [0, 1],
      [1, 1],
    ]));
  it('has so many at the most', () => expect(bestOf(tried, 1)).toEqual([[0, 1]]));
});

describe('withTried', () => {
  const job = {
    wallSeconds: 100,
    searchMultiplyAccumulates: 12e12,
    estimatedMultiplyAccumulates: 60e12,
    costs: { BIOTUNE: { trainingCount: 9, epochCount: 90, multiplyAccumulates: 50e12, trainSeconds: 80 } },
  };

  it('charges for what was tried before the job, and not for the same candidates again', () => {
    const unit = withTried(job, [...tried, { ...tried[1], multiplyAccumulates: 8e12 }]);
    expect(unit.searchMultiplyAccumulates).toBe(20e12);
    expect(unit.costs.BIOTUNE).toEqual({ trainingCount: 9, epochCount: 90, multiplyAccumulates: 58e12 });
    expect(unit.wallSeconds).toBe(155);
  });
});
