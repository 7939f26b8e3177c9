import { describe, expect, it } from 'vitest';
import type { Reason } from '../domain/reasons.js';
import { afterFault, type FaultHistory } from './fault-policy.js';

const NOTHING: FaultHistory = { faults: 0, leaseLosses: 0, outageSeconds: 0 };
const failure = (reason: Reason) => ({ reason, message: 'so it was', metadata: { worker: 'w1' } });

/** Tries until a reason that comes again and again is held against the genome. */
function triesOf(reason: Reason): number {
  let history = NOTHING;
  for (let tries = 1; tries < 1000; tries += 1) {
    const after = afterFault(history, failure(reason));
    if (after.next === 'INFEASIBLE') return tries;
    history = { ...NOTHING, ...after };
  }
  return Infinity;
}

describe('the fault policy', () => {
  it.each<[Reason, number]>([
    ['NAN_LOSS', 1],
    ['DATASET_CHANGED', 1],
    ['OUT_OF_MEMORY', 2],
    ['TRAINER_CRASHED', 3],
    ['LEASE_LOST', 10],
    ['COORDINATOR_LOST', Infinity],
    ['STORAGE_UNAVAILABLE', Infinity],
    ['SCRATCH_FULL', Infinity],
    ['ARTIFACT_CORRUPT', Infinity],
    ['RUNTIME_MISMATCH', Infinity],
    ['GPU_UNAVAILABLE', Infinity],
    ['INTERNAL', Infinity],
  ])('holds %s against the genome after %d tries', (reason, tries) => {
    expect(triesOf(reason)).toBe(tries);
  });

  it('names both the verdict and what led to it', () => {
    const { failure: verdict } = afterFault({ ...NOTHING, faults: 2 }, failure('TRAINER_CRASHED'));
    expect(verdict).toEqual({
      reason: 'POISON',
      message: 'Given up after 3 tries, the last of which ended with TRAINER_CRASHED: so it was',
      metadata: { worker: 'w1', lastReason: 'TRAINER_CRASHED', tryCount: '3' },
    });
  });

  it('counts lost leases apart from crashes', () => {
    const crashed = afterFault({ ...NOTHING, leaseLosses: 9 }, failure('TRAINER_CRASHED'));
    expect(crashed).toMatchObject({ next: 'TRY_AGAIN', faults: 1, leaseLosses: 9 });
  });

  it('waits longer after each fault, and as long again as an outage has lasted', () => {
    const wait = (history: Partial<FaultHistory>, reason: Reason) =>
      afterFault({ ...NOTHING, ...history }, failure(reason)).waitSeconds;
    expect([0, 1, 8].map((leaseLosses) => wait({ leaseLosses }, 'LEASE_LOST'))).toEqual([2, 4, 300]);
    expect([0, 70, 1e5].map((outageSeconds) => wait({ outageSeconds }, 'SCRATCH_FULL'))).toEqual([2, 70, 300]);
  });
});
