import { describe, expect, it } from 'vitest';
import { accuracyOf, costOf, differenceOf, lowerBound95, overstatementOf, wallRatioOf } from './figures.mjs';

const sample = (searchSeed, rightShares, bySeed, more = {}) => ({
  searchSeed,
  rightShares,
  bySeed,
  validationAccuracy: 0.9,
  costInFull: 4,
  wallSeconds: 10,
  ...more,
});
const contender = (...samples) => ({ id: 'A', title: 'A', kind: 'SEARCH', samples });

describe('accuracyOf', () => {
  it('has the variance between search seeds, where there are several', () => {
    const { estimate, seedVariances } = accuracyOf(
      contender(sample(1, [1, 0, 1, 0], [0.4, 0.6]), sample(2, [1, 1, 1, 0], [0.75, 0.75])),
    );
    expect(estimate).toBe(0.625);
    // Of 0.5 and 0.75: 0.03125, over two.
    expect(seedVariances).toEqual([{ variance: 0.015625, freedom: 1 }]);
  });

  it('has that between trainings, where there is one search seed', () => {
    const { seedVariances } = accuracyOf(contender(sample(1, [1, 0], [0.4, 0.5, 0.6])));
    expect(seedVariances).toEqual([{ variance: expect.closeTo(0.01 / 3, 12), freedom: 2 }]);
  });

  it('has the variance over images, which more search seeds do not lessen', () => {
    const one = accuracyOf(contender(sample(1, [1, 0, 1, 0], [0.5]))).imageVariance;
    expect(one).toBeCloseTo(1 / 3 / 4, 12);
    const two = contender(sample(1, [1, 0, 1, 0], [0.5]), sample(2, [0, 1, 1, 0], [0.5]));
    expect(accuracyOf(two).imageVariance).toBe(one);
  });
});

describe('differenceOf', () => {
  const a = contender(sample(1, [1, 1, 0.5, 0], [0.5, 0.75]), sample(2, [1, 1, 1, 1], [1]));
  const b = contender(sample(1, [1, 1, 0.5, 0], [0.6, 0.65]), sample(3, [0, 0, 0, 0], [0]));

  it('is over the search seeds that both have, on the same images', () => {
    const { estimate, imageVariance, searchSeedCount } = differenceOf(a, b);
    expect([estimate, imageVariance, searchSeedCount]).toEqual([0, 0, 1]);
  });

  it('has the trainings of both, where there is one search seed', () => {
    expect(differenceOf(a, b).seedVariances.map(({ freedom }) => freedom)).toEqual([1, 1]);
  });

  it('is none without a search seed in common', () => {
    const { estimate, searchSeedCount } = differenceOf(a, contender(sample(3, [1, 1, 1, 1], [1])));
    expect([estimate, searchSeedCount]).toEqual([NaN, 0]);
  });
});

describe('lowerBound95', () => {
  it("is Student's quantile below the estimate", () => {
    const figure = { estimate: 0.03, imageVariance: 0, seedVariances: [{ variance: 1e-4, freedom: 4 }] };
    expect(lowerBound95(figure)).toBeCloseTo(0.03 - 2.1318 * 0.01, 4);
  });

  it('is the normal quantile where images alone vary', () => {
    expect(lowerBound95({ estimate: 0, imageVariance: 1e-4, seedVariances: [] })).toBeCloseTo(-0.016449, 5);
  });
});

it('overstatementOf is validation less test', () => {
  expect(overstatementOf(contender(sample(1, [1], [0.8, 0.9]), sample(2, [1], [0.7])))).toBeCloseTo(0.125, 12);
});

it('costOf leaves out what full fine-tuning was not measured beside', () => {
  expect(costOf(contender(sample(1, [1], [1]), sample(2, [1], [1], { costInFull: NaN })))).toBe(4);
});

it('wallRatioOf is over the search seeds that both have', () => {
  const paper = contender(sample(2, [1], [1], { wallSeconds: 40 }), sample(3, [1], [1]));
  expect(wallRatioOf(contender(sample(1, [1], [1]), sample(2, [1], [1])), paper)).toBe(0.25);
});
