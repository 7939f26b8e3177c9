import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../../domain/job/create-fine-tune-job.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import type { SearchMode } from '../../methods/search-modes.js';
import { nextConfirmation } from './target-confirmation.js';

function specOf(mode: SearchMode = 'ACCELERATED', budget: object = { targetMetricValue: 0.75 }) {
  const request = { baseModel: 'a', dataset: 's3://bucket/prefix', search: { seed: 1, biotune: { mode } }, budget };
  const { search, ...spec } = createFineTuneJobSchema.parse(request);
  return { ...spec, search: { ...search, seed: 1 } };
}

const trial = (slot: number, fitness: number, rest: Partial<StoredTrial> = {}): StoredTrial => ({
  id: `trl_${slot}`,
  jobId: 'ftj_1',
  phase: 'SEARCH',
  generation: 0,
  slot,
  origin: 'ANCHOR',
  method: 'BIOTUNE',
  lrMultipliers: [slot, 1],
  fold: 0,
  state: 'SUCCEEDED',
  fitness,
  createTime: new Date(0),
  ...rest,
});
const confirmation = (of: StoredTrial, state: StoredTrial['state'] = 'SUCCEEDED'): StoredTrial => ({
  ...of,
  phase: 'CONFIRMATION',
  state,
  fitness: 0.9,
});

const slotOf = (searched: readonly StoredTrial[], confirmations: readonly StoredTrial[] = []) =>
  nextConfirmation(specOf(), searched, confirmations)?.slot;

describe('the next confirmation', () => {
  it('is of the candidate that has reached the target, in its place, without its fold', () => {
    const settings = { imageSizePx: 96 };
    const found = nextConfirmation(specOf(), [trial(3, 0.2, { generation: 1, settings })], []);
    expect(found).toEqual({
      phase: 'CONFIRMATION',
      generation: 1,
      slot: 3,
      origin: 'ANCHOR',
      method: 'BIOTUNE',
      lrMultipliers: [3, 1],
      settings,
    });
  });

  it('is of the best of several, and of equals the earlier', () => {
    expect(slotOf([trial(4, 0.2), trial(2, 0.2), trial(1, 0.24)])).toBe(2);
  });

  it('is of what has reached the target exactly, and of nothing below it', () => {
    expect(slotOf([trial(1, 0.25)])).toBe(1);
    expect(slotOf([trial(1, 0.2501)])).toBeUndefined();
  });

  it('waits for the one that is open', () => {
    const [first, second] = [trial(1, 0.1), trial(2, 0.2)];
    expect(slotOf([first, second], [confirmation(first, 'QUEUED')])).toBeUndefined();
    expect(slotOf([first, second], [confirmation(first, 'RUNNING')])).toBeUndefined();
    expect(slotOf([first, second], [confirmation(first)])).toBe(2);
  });

  it('is of no candidate that was tried so before, in whatever place', () => {
    const first = trial(1, 0.1);
    const again = trial(5, 0.1, { generation: 2, lrMultipliers: [1, 1], reusedTrialId: first.id });
    expect(slotOf([first, again], [confirmation(first)])).toBeUndefined();
    expect(slotOf([first], [confirmation(first, 'INFEASIBLE')])).toBeUndefined();
  });

  it('is of the evolution alone, and of what has ended well', () => {
    const others = [
      trial(1, 0.1, { method: 'RANDOM_SEARCH' }),
      trial(2, 0.1, { state: 'CANCELLED' }),
      trial(3, 0.1, { state: 'INFEASIBLE' }),
    ];
    expect(slotOf(others)).toBeUndefined();
  });

  it.each(['PAPER', 'PAPER_FAST', 'CODE_COMPAT'] as const)('is never due in %s', (mode) => {
    expect(nextConfirmation(specOf(mode), [trial(1, 0.1)], [])).toBeUndefined();
  });

  it('is never due without a target', () => {
    expect(nextConfirmation(specOf('ACCELERATED', {}), [trial(1, 0.1)], [])).toBeUndefined();
  });
});
