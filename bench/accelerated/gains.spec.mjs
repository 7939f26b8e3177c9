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

describe('gainOfAccelerated', () => {
  const unit = (arm, found, lora, lpFt) => ({
    arm,
    costs: { BIOTUNE: {}, LORA: {}, LP_FT: {} },
    rows: [
      { method: 'BIOTUNE', testAccuracy: found - 0.01 },
      { method: 'BIOTUNE', testAccuracy: found + 0.01 },
      { method: 'LORA', testAccuracy: lora },
      { method: 'LP_FT', testAccuracy: lpFt },
    ],
  });
  const result = { imageCounts: { train: 50 }, classCount: 5 };

  it('is that of each search seed, over the plain method that is best in all', () => {
    const units = [
      unit('ACCELERATED', 0.8, 0.79, 0.7),
      unit('ACCELERATED', 0.82, 0.77, 0.8),
      unit('NO_MOVES', 0.1, 0, 0),
    ];
    expect(gainOfAccelerated({ ...result, units }, 'b.json')).toMatchObject({
      mode: 'ACCELERATED',
      gains: [0.01, 0.05],
    });
  });

  it('is none where the search was not measured', () => {
    expect(gainOfAccelerated({ ...result, units: [unit('NO_MOVES', 0.1, 0, 0)] }, 'b.json')).toBeUndefined();
  });
});
