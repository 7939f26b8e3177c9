/**
 * Why a request, a task or a job was refused or ended, in words that stay stable across versions.
 * Both transports, task outcomes and job errors use these and no others.
 */
export const REASONS = [
  // Requests
  'FIELD_INVALID',
  'ELITE_NOT_LESS_THAN_POPULATION',
  'PAGE_TOKEN_INVALID',
  'IDEMPOTENCY_MISMATCH',
  'EXTERNAL_ID_TAKEN',
  'BASE_MODEL_NOT_FOUND',
  'DATASET_NOT_FOUND',
  'JOB_NOT_FOUND',
  'JOB_NOT_PAUSABLE',
  'JOB_NOT_RESUMABLE',
  'TRIAL_NOT_FOUND',
  'MODEL_VERSION_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'SPLIT_ALREADY_FIXED',
  'REQUEST_MALFORMED',
  'REQUEST_TOO_LARGE',
  // Datasets
  'DATASET_UNREACHABLE',
  'DATASET_EMPTY',
  'DATASET_INVALID',
  'DATASET_CHANGED',
  'DATASET_NOT_READY',
  'NEEDS_TWO_CLASSES',
  'TOO_FEW_IMAGES_PER_CLASS',
  'IMAGE_UNREADABLE',
  'IMAGE_TOO_SMALL',
  // Artifacts and weights
  'ARTIFACT_CORRUPT',
  'WEIGHTS_INVALID',
  'STORAGE_UNAVAILABLE',
  // Training
  'NAN_LOSS',
  'CLASS_EMPTY',
  'BATCH_TOO_LARGE',
  'BATCH_OF_ONE',
  'INPUT_TOO_SMALL',
  'OUT_OF_MEMORY',
  'NO_BLOCK_SELECTED',
  'TRAINER_CRASHED',
  'POISON',
  'GPU_UNAVAILABLE',
  'RUNTIME_MISMATCH',
  // Tasks and workers
  'LEASE_LOST',
  'COORDINATOR_LOST',
  'SCRATCH_FULL',
  'WORKER_TOKEN_INVALID',
  'WORKER_SCOPE_FOREIGN',
  // Search
  'REPLAY_DIVERGED',
  'SEARCH_SPACE_INFEASIBLE',
  // Server
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
] as const;

export type Reason = (typeof REASONS)[number];

/** One field of a request that was refused; `pointer` is an RFC 6901 JSON pointer. */
export interface FieldViolation {
  readonly pointer: string;
  readonly message: string;
}

/** A failure that the caller can act on. Everything else that is thrown is a bug. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  /**
   * @param message What is wrong, with the bad value and its bound, and what to do about it.
   * @param metadata Every changing word of the message, for programs (AIP-193).
   * @param violations The fields at fault, for errors in a request.
   */
  constructor(
    readonly reason: Reason,
    message: string,
    readonly metadata: Readonly<Record<string, string>> = {},
    options?: ErrorOptions & { violations?: readonly FieldViolation[] },
  ) {
    super(message, options);
    this.violations = options?.violations ?? [];
  }

  readonly violations: readonly FieldViolation[];
}
