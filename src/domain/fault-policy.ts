import type { Failure } from './dataset.js';
import type { Reason } from './errors.js';

/** What may be the genome's fault or not: so many times, and then it is held against the genome. */
interface Suspicion {
  /** Faults of the same counter add up, whatever their reasons. */
  readonly counter: 'faults' | 'leaseLosses';
  readonly countMax: number;
  /** Why the genome is then infeasible. */
  readonly verdict: Reason;
}

/**
 * What a failure is held against. GENOME: the candidate cannot be trained, on no try: worst fitness, and the search goes
 * on. JOB: the data or the request is wrong, on every try: the job or the dataset version ends. OURS: the infrastructure,
 * or a bug: against nothing, it is waited for.
 */
type Blame = 'GENOME' | 'JOB' | 'OURS' | Suspicion;

/** The whole policy: queue, coordinator and workers decide by this table and by nothing else. */
export const FAULT_POLICY = {
  // The genome, or this method with these images
  NAN_LOSS: 'GENOME',
  CLASS_EMPTY: 'GENOME',
  BATCH_TOO_LARGE: 'GENOME',
  BATCH_OF_ONE: 'GENOME',
  NO_BLOCK_SELECTED: 'GENOME',
  POISON: 'GENOME',
  // The training has halved its micro-batches before it says so; another machine may have more memory.
  OUT_OF_MEMORY: { counter: 'faults', countMax: 2, verdict: 'OUT_OF_MEMORY' },
  TRAINER_CRASHED: { counter: 'faults', countMax: 3, verdict: 'POISON' },
  // A machine that ran out of memory kills the worker too, but so does whoever takes the machine away.
  LEASE_LOST: { counter: 'leaseLosses', countMax: 10, verdict: 'POISON' },

  // Data and requests
  DATASET_UNREACHABLE: 'JOB',
  DATASET_EMPTY: 'JOB',
  DATASET_INVALID: 'JOB',
  DATASET_CHANGED: 'JOB',
  DATASET_NOT_READY: 'JOB',
  NEEDS_TWO_CLASSES: 'JOB',
  TOO_FEW_IMAGES_PER_CLASS: 'JOB',
  IMAGE_UNREADABLE: 'JOB',
  IMAGE_TOO_SMALL: 'JOB',
  WEIGHTS_INVALID: 'JOB',
  INPUT_TOO_SMALL: 'JOB',
  FIELD_INVALID: 'JOB',
  ELITE_NOT_LESS_THAN_POPULATION: 'JOB',
  PAGE_TOKEN_INVALID: 'JOB',
  IDEMPOTENCY_MISMATCH: 'JOB',
  EXTERNAL_ID_TAKEN: 'JOB',
  BASE_MODEL_NOT_FOUND: 'JOB',
  DATASET_NOT_FOUND: 'JOB',
  JOB_NOT_FOUND: 'JOB',
  JOB_NOT_PAUSABLE: 'JOB',
  JOB_NOT_RESUMABLE: 'JOB',
  TRIAL_NOT_FOUND: 'JOB',
  MODEL_VERSION_NOT_FOUND: 'JOB',
  ROUTE_NOT_FOUND: 'JOB',
  SPLIT_ALREADY_FIXED: 'JOB',
  REQUEST_MALFORMED: 'JOB',
  REQUEST_TOO_LARGE: 'JOB',
  SEARCH_SPACE_INFEASIBLE: 'JOB',
  // Waiting would not make two searches one.
  REPLAY_DIVERGED: 'JOB',

  // Us
  STORAGE_UNAVAILABLE: 'OURS',
  DATABASE_UNAVAILABLE: 'OURS',
  COORDINATOR_LOST: 'OURS',
  SCRATCH_FULL: 'OURS',
  ARTIFACT_CORRUPT: 'OURS',
  GPU_UNAVAILABLE: 'OURS',
  RUNTIME_MISMATCH: 'OURS',
  WORKER_TOKEN_INVALID: 'OURS',
  WORKER_SCOPE_FOREIGN: 'OURS',
  INTERNAL: 'OURS',
} as const satisfies Record<Reason, Blame>;

const blameFor = (reason: Reason): Blame => FAULT_POLICY[reason];

/** Whether the same try would end the same way again. */
export const isFinal = (reason: Reason): boolean => blameFor(reason) === 'GENOME' || blameFor(reason) === 'JOB';

/** Whether a failure ends the job, or the dataset version, and not one candidate. */
export const endsJob = (reason: Reason): boolean => blameFor(reason) === 'JOB';

/** Whether a failure is held against nothing. */
export const isOurs = (reason: Reason): boolean => blameFor(reason) === 'OURS';

/** What a task has been through. */
export interface FaultHistory {
  readonly faults: number;
  readonly leaseLosses: number;
  /** Since the first of the faults of ours that no progress came after; 0 without one. */
  readonly outageSeconds: number;
}

/** What becomes of a task after one more fault. */
export interface AfterFault extends Pick<FaultHistory, 'faults' | 'leaseLosses'> {
  readonly next: 'TRY_AGAIN' | 'INFEASIBLE';
  readonly isOutage: boolean;
  /** Before the next try. */
  readonly waitSeconds: number;
  /** Why it ended, or is tried again. */
  readonly failure: Failure;
}

const WAIT_SECONDS_MIN = 2;
const WAIT_SECONDS_MAX = 300;

/** Between 2 s and 5 min: an outage is waited for as long again as it has lasted, a fault 2, 4, 8 … seconds. */
const waitFor = (seconds: number): number => Math.min(WAIT_SECONDS_MAX, Math.max(WAIT_SECONDS_MIN, seconds));

/** Applies the policy to an attempt that ended without a result. */
export function afterFault({ faults, leaseLosses, outageSeconds }: FaultHistory, failure: Failure): AfterFault {
  const blame = blameFor(failure.reason);
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
