import { expect, it } from 'vitest';
import { lrMultipliers } from '../domain/job/genome.js';
import type { TrialSettings } from '../domain/job/trial.js';
import { config, ORDERS, run } from '../../test/fixtures/search-run.js';
import { EqualTrials } from './equal-trials.js';

const trial = (generation: number, slot: number, multipliers: readonly number[], fold = generation % 2) => ({
  generation,
  slot,
  fold,
  lrMultipliers: multipliers,
});

const withSettings = (slot: number, settings: TrialSettings) => ({ ...trial(0, slot, [0, 1]), settings });

it('finds the earliest by generation and slot, whatever the order of the rows', () => {
  const rows = [trial(4, 0, [0, 2]), trial(2, 7, [0, 2]), trial(2, 5, [0, 2]), trial(0, 9, [0, 3])];
  expect(new EqualTrials(rows).find(trial(6, 1, [0, 2]))).toBe(rows[2]);
  expect(new EqualTrials(rows.toReversed()).find(trial(6, 1, [0, 2]))).toBe(rows[2]);
});

it('finds one that was added', () => {
  const equals = new EqualTrials([trial(2, 7, [1])]);
  const earlier = trial(2, 3, [1]);
  equals.add(earlier);
  equals.add(trial(2, 4, [1]));
  expect(equals.find(trial(4, 0, [1]))).toBe(earlier);
});

it.each([
  ['the last bit of a multiplier', trial(2, 0, [0, 1 + 2 ** -52])],
  ['the sign of a zero', trial(2, 0, [-0, 1])],
  ['a frozen block', trial(2, 0, [1, 0])],
  ['the number of blocks', trial(2, 0, [0, 1, 0])],
  ['the fold', trial(1, 0, [0, 1])],
  ['what it sets', withSettings(0, { alpha: 0.1 })],
])('finds none that differs in %s', (_, other) => {
  expect(new EqualTrials([other]).find(trial(4, 0, [0, 1]))).toBeUndefined();
});

it('tells apart what candidates set, bit for bit; what sets nothing is one however it says so', () => {
  const rows = [withSettings(0, { alpha: 0.1 }), withSettings(1, { alpha: 0.1 + 2 ** -55 }), withSettings(2, {})];
  const equals = new EqualTrials(rows);
  for (const row of rows) expect(equals.find({ ...row })).toBe(row);
  expect(equals.find(trial(0, 7, [0, 1]))).toBe(rows[2]);
});

it('looks at each of 20,000 trials a fixed number of times', () => {
  const count = 20_000;
  let lookCount = 0;
  const watched = Array.from({ length: count }, (_, slot) => ({
    generation: 0,
    slot,
    get lrMultipliers() {
      lookCount += 1;
      return [slot, 1];
    },
  }));
  const equals = new EqualTrials<(typeof watched)[number]>([]);
  for (const candidate of watched) {
    expect(equals.find(candidate)).toBeUndefined();
    equals.add(candidate);
  }
  expect(lookCount).toBeLessThanOrEqual(4 * count);
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
      const found = new EqualTrials(rows.slice(0, index)).find(row);
      return found === undefined ? [] : [{ row, found }];
    });
    expect(repeated.length).toBeGreaterThan(0);
    for (const { row, found } of repeated) expect(found.lrMultipliers).toEqual(row.lrMultipliers);
    const distinct = new Set(rows.map((row) => row.lrMultipliers.join()));
    expect(rows.length - repeated.length).toBe(distinct.size);
  },
);
