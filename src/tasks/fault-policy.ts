import type { Failure } from '../domain/errors.js';
import { type Reason, REASON_RULES } from '../domain/reasons.js';

/** What a task has been through. */
export interface FaultHistory {
  readonly faults: number;
  readonly leaseLosses: number;
  /** Seconds since the first of the faults of ours that no progress came after; 0 without one. */
  readonly outageSeconds: number;
}

/** What becomes of a task after one more fault. */
export interface AfterFault extends Pick<FaultHistory, 'faults' | 'leaseLosses'> {
  readonly next: 'TRY_AGAIN' | 'INFEASIBLE';
  readonly isOutage: boolean;
  /** The wait before the next try. */
  readonly waitSeconds: number;
  /** Why it ended, or is tried again. */
  readonly failure: Failure;
}

const WAIT_SECONDS_MIN = 2;
const WAIT_SECONDS_MAX = 300;

/**
 * The wait, between 2 s and 5 min: an outage is waited for as long again as it has lasted, a fault 2, 4, 8 … seconds.
 */
const waitFor = (seconds: number): number => Math.min(WAIT_SECONDS_MAX, Math.max(WAIT_SECONDS_MIN, seconds));

/** Applies the table of reasons to an attempt that ended without a result. */
export function afterFault({ faults, leaseLosses, outageSeconds }: FaultHistory, failure: Failure): AfterFault {
  const { blame } = REASON_RULES[failure.reason];
  if (typeof blame === 'string') {
    const next = blame === 'OURS' ? 'TRY_AGAIN' : 'INFEASIBLE';
    return { faults, leaseLosses, next, isOutage: blame === 'OURS', waitSeconds: waitFor(outageSeconds), failure };
  }
  const counts = { faults, leaseLosses, [blame.counter]: { faults, leaseLosses }[blame.counter] + 1 };
  const count = counts[blame.counter];
  const common = { ...counts, isOutage: false, waitSeconds: waitFor(2 ** count) };
  if (count < blame.countMax) return { ...common, next: 'TRY_AGAIN', failure };
  return { ...common, next: 'INFEASIBLE', failure: verdictOn(failure, blame.verdict, count) };
}

function verdictOn({ reason, message, metadata }: Failure, verdict: Reason, count: number): Failure {
  return {
    reason: verdict,
    message: `Given up after ${count} tries, the last of which ended with ${reason}: ${message}`,
    metadata: { ...metadata, lastReason: reason, tryCount: String(count) },
  };
}
