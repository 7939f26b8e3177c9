import { expect, it } from 'vitest';
import type { StoredTrial } from '../../domain/job/trial.js';
import { bestCandidates } from './candidates.js';

const trial = (
  slot: number,
  fitness: number,
  lrMultipliers: number[],
  rest: Partial<StoredTrial> = {},
): StoredTrial => ({
  id: `trl_${slot}`,
  jobId: 'ftj_1',
  phase: 'SEARCH',
  generation: 0,
  slot,
  origin: 'INITIAL',
  method: 'BIOTUNE',
  lrMultipliers,
  state: 'SUCCEEDED',
  fitness,
  createTime: new Date(0),
  ...rest,
});

it('takes the best of a method first, and of equals the earlier', () => {
  const trials = [trial(0, 0.5, [1, 1]), trial(1, 0.2, [0, 1]), trial(2, 0.2, [0, 2]), trial(3, 0.1, [0, 3])];
  const others = [trial(4, 0.01, [9, 9], { method: 'SUFFIX_GRID' }), trial(5, 0.01, [8, 8], { state: 'INFEASIBLE' })];
  const found = bestCandidates([...others, ...trials], 'BIOTUNE', 3);
  expect(found.map(({ lrMultipliers }) => lrMultipliers)).toEqual([
    [0, 3],
    [0, 1],
    [0, 2],
  ]);
});

it('takes a candidate once that was tried twice, in the place of its better trial', () => {
  const trials = [trial(0, 0.3, [0, 1]), trial(1, 0.2, [1, 1]), trial(2, 0.1, [0, 1]), trial(3, 0.4, [1, 0])];
  const found = bestCandidates(trials, 'BIOTUNE', 3);
  expect(found.map(({ lrMultipliers }) => lrMultipliers)).toEqual([
    [0, 1],
    [1, 1],
    [1, 0],
  ]);
});

it('takes the kin of a better candidate after all that are kin of none', () => {
  const trials = [trial(0, 0.1, [0, 1]), trial(1, 0.2, [0, 2]), trial(2, 0.3, [3, 3]), trial(3, 0.4, [0, 3])];
  const areKin = (a: StoredTrial, b: StoredTrial) => a.lrMultipliers[0] === b.lrMultipliers[0];
  const slotsOf = (count: number) =>
    bestCandidates(trials, 'BIOTUNE', count, areKin).map(({ lrMultipliers }) => lrMultipliers[1]);
  expect(slotsOf(2)).toEqual([1, 3]);
  expect(slotsOf(4)).toEqual([1, 3, 2, 3]);
});

it('tells candidates apart by what they set over the same multipliers, and keeps it', () => {
  const alphas = [1, 0.1, 0.01, 0.1];
  const trials = alphas.map((alpha, slot) =>
    trial(slot, 0.4 - 0.1 * slot, [1, 1], { method: 'L2_SP', origin: 'GRID', settings: { alpha } }),
  );
  const found = bestCandidates(trials, 'L2_SP', 3);
  expect(found).toEqual(
    [0.1, 0.01, 1].map((alpha) => ({ method: 'L2_SP', lrMultipliers: [1, 1], settings: { alpha } })),
  );
});
