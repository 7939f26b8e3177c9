import type { Failure } from '../domain/dataset.js';
import { DomainError, type Reason } from '../domain/errors.js';
import type { TaskOutcome } from '../domain/task.js';

/** `infeasible`: the genome's or the data's fault, the same on every try. `fault`: the infrastructure's, or a bug. */
type Blame = 'infeasible' | 'fault';

/** Whom each reason blames when it ends an attempt. */
const BLAME = {
  FIELD_INVALID: 'infeasible',
  DATASET_EMPTY: 'infeasible',
  DATASET_INVALID: 'infeasible',
  DATASET_CHANGED: 'infeasible',
  NEEDS_TWO_CLASSES: 'infeasible',
  TOO_FEW_IMAGES_PER_CLASS: 'infeasible',
  IMAGE_UNREADABLE: 'infeasible',
  IMAGE_TOO_SMALL: 'infeasible',
  WEIGHTS_INVALID: 'infeasible',
  NAN_LOSS: 'infeasible',
  CLASS_EMPTY: 'infeasible',
  BATCH_TOO_LARGE: 'infeasible',
  BATCH_OF_ONE: 'infeasible',
  INPUT_TOO_SMALL: 'infeasible',
  NO_BLOCK_SELECTED: 'infeasible',
  DATASET_UNREACHABLE: 'infeasible',
  // Another machine may have more memory; the fault budget bounds the tries.
  OUT_OF_MEMORY: 'fault',
  TRAINER_CRASHED: 'fault',
  ARTIFACT_CORRUPT: 'fault',
  STORAGE_UNAVAILABLE: 'fault',
  LEASE_LOST: 'fault',
  WORKER_TOKEN_INVALID: 'fault',
  EVALUATION_INFRA: 'fault',
  INTERNAL: 'fault',
  // Never thrown by a task: bugs if they come.
  ELITE_NOT_LESS_THAN_POPULATION: 'fault',
  PAGE_TOKEN_INVALID: 'fault',
  IDEMPOTENCY_MISMATCH: 'fault',
  EXTERNAL_ID_TAKEN: 'fault',
  BASE_MODEL_NOT_FOUND: 'fault',
  DATASET_NOT_FOUND: 'fault',
  JOB_NOT_FOUND: 'fault',
  TRIAL_NOT_FOUND: 'fault',
  MODEL_VERSION_NOT_FOUND: 'fault',
  ROUTE_NOT_FOUND: 'fault',
  SPLIT_ALREADY_FIXED: 'fault',
  REQUEST_MALFORMED: 'fault',
  REQUEST_TOO_LARGE: 'fault',
  DATASET_NOT_READY: 'fault',
  REPLAY_DIVERGED: 'fault',
  SEARCH_SPACE_INFEASIBLE: 'fault',
  DATABASE_UNAVAILABLE: 'fault',
} as const satisfies Record<Reason, Blame>;

/** The outcome that an attempt's failure is reported as. */
export function failedOutcome(error: unknown): TaskOutcome {
  const failure = failureOf(error);
  return BLAME[failure.reason] === 'infeasible' ? { infeasible: failure } : { fault: failure };
}

/** What went wrong, in stable words; INTERNAL for whatever is not a DomainError. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DomainError) {
    return { reason: error.reason, message: error.message, metadata: { ...error.metadata } };
  }
  return { reason: 'INTERNAL', message: error instanceof Error ? error.message : String(error), metadata: {} };
}
