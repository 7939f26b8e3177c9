import { describe, expect, it } from 'vitest';
import { hasTimeFor, unitsOf } from './units.mjs';

describe('unitsOf', () => {
  const tasks = [
    { name: 'main', isMain: true, searchSeedCount: 2 },
    { name: 'other', isMain: false, searchSeedCount: 1 },
    { name: 'second', isMain: true, searchSeedCount: 1 },
  ];

  it('takes the first seed of every arm on the main tasks, then the other tasks, then more seeds', () => {
    const order = unitsOf(['A', 'B'], tasks).map(({ arm, task, searchSeed }) => `${arm} ${task} ${searchSeed}`);
    expect(order).toEqual([
      'A main 1',
      'A second 1',
      'B main 1',
      'B second 1',
      'A other 1',
      'B other 1',
      'A main 2',
      'B main 2',
    ]);
  });
});

describe('hasTimeFor', () => {
  const unit = { arm: 'A', task: 'main', searchSeed: 1 };

  it('goes by the mean of the units of the arm, where there are any', () => {
    const measured = [
      { arm: 'A', unitSeconds: 10 },
      { arm: 'A', unitSeconds: 30 },
      { arm: 'B', unitSeconds: 1000 },
    ];
    expect(hasTimeFor(unit, measured, 20)).toBe(true);
    expect(hasTimeFor(unit, measured, 19)).toBe(false);
  });

  it('goes by the mean of all others, where the arm is new', () => {
    const measured = [{ arm: 'B', unitSeconds: 40 }];
    expect(hasTimeFor(unit, measured, 40)).toBe(true);
    expect(hasTimeFor(unit, measured, 39)).toBe(false);
  });

  it('starts the first unit of all, unless the time is over', () => {
    expect(hasTimeFor(unit, [], 1)).toBe(true);
    expect(hasTimeFor(unit, [], 0)).toBe(false);
  });
});
