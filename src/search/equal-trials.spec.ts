import { expect, it } from 'vitest';
import { lrMultipliers } from '../domain/genome.js';
import { config, ORDERS, run } from '../../test/fixtures/search-run.js';
import { findEqualTrial } from './equal-trials.js';

const trial = (generation: number, slot: number, multipliers: readonly number[], fold = generation % 2) => ({
  generation,
  slot,
  fold,
  lrMultipliers: multipliers,
});

it('finds the earliest by generation and slot, whatever the order of the rows', () => {
  const rows = [trial(4, 0, [0, 2]), trial(2, 7, [0, 2]), trial(2, 5, [0, 2]), trial(0, 9, [0, 3])];
  expect(findEqualTrial(trial(6, 1, [0, 2]), rows)).toBe(rows[2]);
  expect(findEqualTrial(trial(6, 1, [0, 2]), rows.toReversed())).toBe(rows[2]);
});

it.each([
  ['the last bit of a multiplier', trial(2, 0, [0, 1 + 2 ** -52])],
  ['a frozen block', trial(2, 0, [1, 0])],
  ['the number of blocks', trial(2, 0, [0, 1, 0])],
  ['the fold', trial(1, 0, [0, 1])],
])('finds none that differs in %s', (_, other) => {
  expect(findEqualTrial(trial(4, 0, [0, 1]), [other])).toBeUndefined();
});

it('leaves the rows in their order', () => {
  const rows = [trial(4, 0, [1]), trial(2, 0, [1])];
  findEqualTrial(trial(6, 0, [1]), rows);
  expect(rows.map(({ generation }) => generation)).toEqual([4, 2]);
});

it.each(ORDERS)(
  'finds probes that were clipped to their elite and moves of frozen blocks, in a search of one block, %s',
  (order) => {
    const search = config(order, { blockCount: 1, foldCount: 1 });
    const rows = run(search).trials.map((planned) => ({
      ...planned,
      lrMultipliers: lrMultipliers(planned.genome, search.rules),
    }));
    const repeated = rows.flatMap((row, index) => {
      const found = findEqualTrial(row, rows.slice(0, index));
      return found === undefined ? [] : [{ row, found }];
    });
    expect(repeated.length).toBeGreaterThan(0);
    for (const { row, found } of repeated) expect(found.lrMultipliers).toEqual(row.lrMultipliers);
    const distinct = new Set(rows.map((row) => row.lrMultipliers.join()));
    expect(rows.length - repeated.length).toBe(distinct.size);
  },
);
