import { describe, expect, it } from 'vitest';
import { gainOfAccelerated, gainOfSearch } from './gains.mjs';

describe('gainOfSearch', () => {
  const result = {
    settings: { search: { biotune: { mode: 'PAPER_FAST' } } },
    imageCounts: { train: 400 },
    classCount: 10,
    // The best first, as `resultOf` has them.
    methods: [
      { method: 'RANDOM_SEARCH', accuracy: 0.9 },
      { method: 'LORA', accuracy: 0.8 },
      { method: 'LP_FT', accuracy: 0.7 },
    ],
    rows: [
      { method: 'BIOTUNE', accuracy: 0.82 },
      { method: 'LORA', accuracy: 0.8 },
      { method: 'BIOTUNE', accuracy: 0.79 },
    ],
  };

  it('is what each training is over the best plain method', () => {
    expect(gainOfSearch(result, 'a.json')).toEqual({
      mode: 'PAPER_FAST',
      gains: [0.02, -0.01],
      source: 'a.json',
      imageCount: 400,
      classCount: 10,
    });
  });

  it('is none without a search', () => {
    expect(gainOfSearch({ ...result, rows: [{ method: 'LORA', accuracy: 0.8 }] }, 'a.json')).toBeUndefined();
  });
});

const search = (arm, searchSeed, found) => ({
  arm,
  searchSeed,
  delivered: 'SOUP',
  costs: { BIOTUNE: {}, SOUP: {} },
  rows: [
    { method: 'BIOTUNE', testAccuracy: 0.5 },
    { method: 'SOUP', testAccuracy: found - 0.01 },
    { method: 'SOUP', testAccuracy: found + 0.01 },
  ],
});
const plain = (arm, searchSeed, method, testAccuracy) => ({
  arm,
  searchSeed,
  costs: { [method]: {} },
  rows: [{ method, testAccuracy }],
});
const COUNTS = { imageCounts: { train: 50 }, classCount: 5 };

describe('gainOfAccelerated', () => {
  it('is that of each search seed, over the plain method that is best in all', () => {
    const units = [
      search('ACCELERATED', 1, 0.8),
      search('ACCELERATED', 2, 0.82),
      search('NO_MOVES', 1, 0.1),
      plain('PLAIN', 1, 'LORA', 0.79),
      plain('PLAIN', 2, 'LORA', 0.77),
      plain('TUNED', 2, 'L2_SP', 0.8),
      plain('TUNED', 1, 'L2_SP', 0.7),
    ];
    expect(gainOfAccelerated({ ...COUNTS, units }, 'b.json')).toMatchObject({
      mode: 'ACCELERATED',
      gains: [0.01, 0.05],
    });
  });

  it('is over no method that lacks a search seed', () => {
    const units = [
      search('ACCELERATED', 1, 0.8),
      search('ACCELERATED', 2, 0.82),
      plain('PLAIN', 1, 'LORA', 0.79),
      plain('PLAIN', 2, 'LORA', 0.77),
      plain('TUNED', 2, 'L2_SP', 0.9),
    ];
    expect(gainOfAccelerated({ ...COUNTS, units }, 'b.json')?.gains).toEqual([0.01, 0.05]);
  });

  it('leaves out search seeds of which only the search was measured yet', () => {
    const units = [search('ACCELERATED', 1, 0.8), search('ACCELERATED', 2, 0.82), plain('PLAIN', 1, 'LORA', 0.79)];
    expect(gainOfAccelerated({ ...COUNTS, units }, 'b.json')?.gains).toEqual([0.01]);
  });

  it.each([
    ['the search', [search('NO_MOVES', 1, 0.1), plain('PLAIN', 1, 'LORA', 0.7)]],
    ['plain methods', [search('ACCELERATED', 1, 0.8), plain('PLAIN', 2, 'LORA', 0.7)]],
  ])('is none where %s was not measured', (_, units) => {
    expect(gainOfAccelerated({ ...COUNTS, units }, 'b.json')).toBeUndefined();
  });
});
