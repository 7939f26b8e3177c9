import { describe, expect, it } from 'vitest';
import { choosePriors, dataDistance, type EarlierSearch } from './priors.js';

const HERE = { imageCount: 400, classCount: 10, imageSizePx: 96 };

/** A search on data as here, but for what is said. */
const search = (job: string, lrMultipliers: readonly number[], there: Partial<EarlierSearch> = {}): EarlierSearch => ({
  ...HERE,
  job,
  lrMultipliers,
  ...there,
});

describe('the distance of data', () => {
  it.each([
    ['the same data', {}, 0],
    ['twice as many images', { imageCount: 800 }, 1],
    ['a quarter of the images', { imageCount: 100 }, 2],
    ['half as many classes', { classCount: 5 }, 1],
    ['images of twice the side', { imageSizePx: 192 }, 1],
    ['eight times the images, and sixteen times the classes', { imageCount: 3200, classCount: 160 }, 5],
  ])('of %s', (_what, there, expected) => {
    expect(dataDistance(HERE, { ...HERE, ...there })).toBeCloseTo(expected, 12);
    expect(dataDistance({ ...HERE, ...there }, HERE)).toBeCloseTo(expected, 12);
  });
});

describe('priors', () => {
  it('are the winners of the three nearest jobs, nearest first', () => {
    const earlier = [
      search('far', [0, 1], { imageCount: 6400 }),
      search('near', [1, 0], { classCount: 20 }),
      search('equal', [1, 1]),
      search('nearer', [2, 0], { imageSizePx: 112 }),
    ];
    expect(choosePriors(HERE, 2, earlier)).toEqual([
      { job: 'equal', lrMultipliers: [1, 1], distance: 0 },
      { job: 'nearer', lrMultipliers: [2, 0], distance: Math.log2(112 / 96) },
      { job: 'near', lrMultipliers: [1, 0], distance: 1 },
    ]);
  });

  it('are distinct: of equal winners the nearest counts, and the next job takes the place', () => {
    const earlier = [
      search('farther', [1, 0], { imageCount: 800 }),
      search('nearest', [1, 0]),
      search('other', [0, 1], { imageCount: 1600 }),
    ];
    expect(choosePriors(HERE, 2, earlier).map(({ job }) => job)).toEqual(['nearest', 'other']);
  });

  it('are of the first of equally distant jobs', () => {
    const rates = [1, 2, 3, 4, 5];
    const earlier = rates.map((rate) => search(`job ${rate}`, [rate, 0], { imageCount: rate % 2 === 0 ? 200 : 800 }));
    expect(choosePriors(HERE, 2, earlier).map(({ job }) => job)).toEqual(['job 1', 'job 2', 'job 3']);
  });

  it('are of the partition of the base model', () => {
    expect(choosePriors(HERE, 3, [search('two blocks', [1, 0]), search('three blocks', [1, 0, 0])])).toEqual([
      { job: 'three blocks', lrMultipliers: [1, 0, 0], distance: 0 },
    ]);
  });

  it('are none without earlier jobs', () => {
    expect(choosePriors(HERE, 2, [])).toEqual([]);
  });
});
