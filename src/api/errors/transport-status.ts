import { status } from '@grpc/grpc-js';
import type { Reason } from '../../domain/errors.js';

const of = (http: number, grpc: status, title: string) => ({ http, grpc, title });
const invalid = (title: string) => of(400, status.INVALID_ARGUMENT, title);
const missing = (title: string) => of(404, status.NOT_FOUND, title);
const precondition = (title: string) => of(409, status.FAILED_PRECONDITION, title);
/** The request is well formed; the data it names cannot be used. */
const unusable = (title: string) => of(422, status.FAILED_PRECONDITION, title);
const unavailable = (title: string) => of(503, status.UNAVAILABLE, title);
const internal = (title: string) => of(500, status.INTERNAL, title);

/** How each reason is answered, on both transports. */
export const TRANSPORT_STATUS = {
  FIELD_INVALID: invalid('Field invalid'),
  ELITE_NOT_LESS_THAN_POPULATION: invalid('Elite count too large'),
  PAGE_TOKEN_INVALID: invalid('Page token invalid'),
  IDEMPOTENCY_MISMATCH: of(422, status.FAILED_PRECONDITION, 'Idempotency key used for another request'),
  EXTERNAL_ID_TAKEN: of(409, status.ALREADY_EXISTS, 'External id taken'),
  BASE_MODEL_NOT_FOUND: missing('Base model not found'),
  DATASET_NOT_FOUND: missing('Dataset not found'),
  JOB_NOT_FOUND: missing('Job not found'),
  JOB_NOT_PAUSABLE: precondition('Job not pausable'),
  JOB_NOT_RESUMABLE: precondition('Job not resumable'),
  TRIAL_NOT_FOUND: missing('Trial not found'),
  MODEL_VERSION_NOT_FOUND: missing('Model version not found'),
  ROUTE_NOT_FOUND: missing('No such route'),
  SPLIT_ALREADY_FIXED: invalid('Split already fixed'),
  REQUEST_MALFORMED: invalid('Request malformed'),
  REQUEST_TOO_LARGE: of(413, status.RESOURCE_EXHAUSTED, 'Request too large'),
  DATASET_UNREACHABLE: unusable('Dataset unreachable'),
  DATASET_EMPTY: unusable('Dataset empty'),
  DATASET_INVALID: unusable('Dataset invalid'),
  DATASET_CHANGED: precondition('Dataset changed'),
  DATASET_NOT_READY: precondition('Dataset not ready'),
  NEEDS_TWO_CLASSES: unusable('Two classes needed'),
  TOO_FEW_IMAGES_PER_CLASS: unusable('Too few images per class'),
  IMAGE_UNREADABLE: unusable('Image unreadable'),
  IMAGE_TOO_SMALL: unusable('Image too small'),
  ARTIFACT_CORRUPT: of(500, status.DATA_LOSS, 'Artifact corrupt'),
  WEIGHTS_INVALID: precondition('Weights invalid'),
  STORAGE_UNAVAILABLE: unavailable('Object storage unavailable'),
  NAN_LOSS: precondition('Loss is not a number'),
  CLASS_EMPTY: precondition('Class without training images'),
  BATCH_TOO_LARGE: precondition('Batch larger than the training set'),
  BATCH_OF_ONE: precondition('BatchNorm on a batch of one'),
  INPUT_TOO_SMALL: invalid('Input too small for the network'),
  OUT_OF_MEMORY: internal('Out of memory'),
  NO_BLOCK_SELECTED: precondition('No block selected'),
  TRAINER_CRASHED: internal('Trainer crashed'),
  POISON: precondition('Ends its trainer or its worker'),
  GPU_UNAVAILABLE: precondition('GPU unavailable'),
  RUNTIME_MISMATCH: precondition('Runtime mismatch'),
  LEASE_LOST: of(409, status.ABORTED, 'Lease lost'),
  WORKER_TOKEN_INVALID: of(401, status.UNAUTHENTICATED, 'Worker token invalid'),
  WORKER_SCOPE_FOREIGN: of(403, status.PERMISSION_DENIED, 'Task of another scope'),
  COORDINATOR_LOST: unavailable('Coordinator lost'),
  SCRATCH_FULL: unavailable('Disk full'),
  REPLAY_DIVERGED: internal('Replay diverged'),
  SEARCH_SPACE_INFEASIBLE: precondition('Search space infeasible'),
  DATABASE_UNAVAILABLE: unavailable('Database unavailable'),
  INTERNAL: internal('Internal error'),
} as const satisfies Record<Reason, { http: number; grpc: status; title: string }>;

/** Whether the same call may succeed later, unchanged. */
export const isRetryable = (reason: Reason): boolean => TRANSPORT_STATUS[reason].grpc === status.UNAVAILABLE;
