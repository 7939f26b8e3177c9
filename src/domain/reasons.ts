/** Names of google.rpc.Code that reasons are answered with. */
type RpcCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/** The status of an answer, on both transports. */
interface Answer {
  readonly http: number;
  readonly rpc: RpcCode;
}

/** What may be the genome's fault or not: so many times, and then it is held against the genome. */
interface Suspicion {
  /** Faults of the same counter add up, whatever their reasons. */
  readonly counter: 'faults' | 'leaseLosses';
  readonly countMax: number;
  /** Why the genome is then infeasible. */
  readonly verdict: string;
}

/**
 * What a failure is held against. GENOME: the candidate cannot be trained, on no try: worst fitness, and the search goes
 * on. JOB: the data or the request is wrong, on every try: the job or the dataset version ends. OURS: the infrastructure,
 * or a bug: against nothing, it is waited for.
 */
type Blame = 'GENOME' | 'JOB' | 'OURS' | Suspicion;

const of = <const B extends Blame>(answer: Answer, blame: B, title: string, help: string) => ({
  answer,
  blame,
  title,
  help,
});

const INVALID: Answer = { http: 400, rpc: 'INVALID_ARGUMENT' };
const UNAUTHENTICATED: Answer = { http: 401, rpc: 'UNAUTHENTICATED' };
const DENIED: Answer = { http: 403, rpc: 'PERMISSION_DENIED' };
const MISSING: Answer = { http: 404, rpc: 'NOT_FOUND' };
const TAKEN: Answer = { http: 409, rpc: 'ALREADY_EXISTS' };
const ABORTED: Answer = { http: 409, rpc: 'ABORTED' };
const PRECONDITION: Answer = { http: 409, rpc: 'FAILED_PRECONDITION' };
const TOO_LARGE: Answer = { http: 413, rpc: 'RESOURCE_EXHAUSTED' };
/** The request is well formed; what it names cannot be used. */
const UNUSABLE: Answer = { http: 422, rpc: 'FAILED_PRECONDITION' };
const INTERNAL: Answer = { http: 500, rpc: 'INTERNAL' };
const DATA_LOSS: Answer = { http: 500, rpc: 'DATA_LOSS' };
/** The same call may succeed later, unchanged. */
const UNAVAILABLE: Answer = { http: 503, rpc: 'UNAVAILABLE' };

/**
 * Why a request, a task or a job was refused or ended, in words that stay stable across versions: how each is answered, what
 * it is held against, and what whoever reads it can do. Transports, queue, coordinator and workers decide by this table and
 * by nothing else.
 */
const TABLE = {
  // Requests
  FIELD_INVALID: of(INVALID, 'JOB', 'Field invalid', 'Correct the fields that the error names.'),
  ELITE_NOT_LESS_THAN_POPULATION: of(
    INVALID,
    'JOB',
    'Elite count too large',
    'Ask for fewer elites than the population has members.',
  ),
  PAGE_TOKEN_INVALID: of(INVALID, 'JOB', 'Page token invalid', 'Begin again with the first page.'),
  IDEMPOTENCY_MISMATCH: of(
    UNUSABLE,
    'JOB',
    'Idempotency key used for another request',
    'Use a new key for each request.',
  ),
  EXTERNAL_ID_TAKEN: of(
    TAKEN,
    'JOB',
    'External id taken',
    'Use another externalId, or go on with the job that has it.',
  ),
  BASE_MODEL_NOT_FOUND: of(MISSING, 'JOB', 'Base model not found', 'List the base models, and name one of them.'),
  DATASET_NOT_FOUND: of(MISSING, 'JOB', 'Dataset not found', 'Check the id and the project.'),
  JOB_NOT_FOUND: of(MISSING, 'JOB', 'Job not found', 'Check the id and the project.'),
  JOB_NOT_PAUSABLE: of(PRECONDITION, 'JOB', 'Job not pausable', 'Pause a job only while it is queued or running.'),
  JOB_NOT_RESUMABLE: of(PRECONDITION, 'JOB', 'Job not resumable', 'Resume a job only while it is paused.'),
  TRIAL_NOT_FOUND: of(MISSING, 'JOB', 'Trial not found', 'List the trials of the job, and name one of them.'),
  MODEL_VERSION_NOT_FOUND: of(
    MISSING,
    'JOB',
    'Model version not found',
    'Check the model and the number; a version is there once its job has ended.',
  ),
  ROUTE_NOT_FOUND: of(MISSING, 'JOB', 'No such route', 'Check the path and the method against the API page.'),
  SPLIT_ALREADY_FIXED: of(INVALID, 'JOB', 'Split already fixed', 'Leave data.split out, or name the images by s3://.'),
  REQUEST_MALFORMED: of(INVALID, 'JOB', 'Request malformed', 'Send well-formed JSON in UTF-8, as application/json.'),
  REQUEST_TOO_LARGE: of(TOO_LARGE, 'JOB', 'Request too large', 'Send a smaller request.'),
  // Datasets
  DATASET_UNREACHABLE: of(
    UNUSABLE,
    'JOB',
    'Dataset unreachable',
    'Check the bucket, and that the service may list and read it.',
  ),
  DATASET_EMPTY: of(UNUSABLE, 'JOB', 'Dataset empty', 'Put images into one folder for each class.'),
  DATASET_INVALID: of(
    UNUSABLE,
    'JOB',
    'Dataset invalid',
    'Correct what the message names, and import the images again.',
  ),
  DATASET_CHANGED: of(
    PRECONDITION,
    'JOB',
    'Dataset changed',
    'Leave the objects alone during an import, and import them again.',
  ),
  DATASET_NOT_READY: of(PRECONDITION, 'JOB', 'Dataset not ready', 'Name a version that is ACTIVE.'),
  NEEDS_TWO_CLASSES: of(UNUSABLE, 'JOB', 'Two classes needed', 'Add images of a second class.'),
  TOO_FEW_IMAGES_PER_CLASS: of(
    UNUSABLE,
    'JOB',
    'Too few images per class',
    'Add images to the class that the message names.',
  ),
  IMAGE_UNREADABLE: of(UNUSABLE, 'JOB', 'Image unreadable', 'Replace or remove the images that the message names.'),
  IMAGE_TOO_SMALL: of(UNUSABLE, 'JOB', 'Image too small', 'Replace or remove the images that the message names.'),
  // Artifacts and weights
  ARTIFACT_CORRUPT: of(
    DATA_LOSS,
    'OURS',
    'Artifact corrupt',
    'Have the object storage checked: it lost or changed bytes.',
  ),
  WEIGHTS_INVALID: of(
    PRECONDITION,
    'JOB',
    'Weights invalid',
    'Register the base model again, with weights that fit it.',
  ),
  STORAGE_UNAVAILABLE: of(UNAVAILABLE, 'OURS', 'Object storage unavailable', 'Try again in a minute.'),
  // Training
  NAN_LOSS: of(PRECONDITION, 'GENOME', 'Loss is not a number', 'Lower the base learning rate.'),
  CLASS_EMPTY: of(
    PRECONDITION,
    'GENOME',
    'Class without training images',
    'Add images to the class, or search on a larger fraction.',
  ),
  BATCH_TOO_LARGE: of(
    PRECONDITION,
    'GENOME',
    'Batch larger than the training set',
    'Lower training.batchSize, or add images.',
  ),
  BATCH_OF_ONE: of(
    PRECONDITION,
    'GENOME',
    'BatchNorm on a batch of one',
    'Change training.batchSize, so that no batch is a single image.',
  ),
  INPUT_TOO_SMALL: of(INVALID, 'JOB', 'Input too small for the network', 'Raise data.imageSizePx.'),
  // The training has halved its micro-batches before it says so; another machine may have more memory.
  OUT_OF_MEMORY: of(
    INTERNAL,
    { counter: 'faults', countMax: 2, verdict: 'OUT_OF_MEMORY' },
    'Out of memory',
    'Lower training.batchSize or data.imageSizePx, or give workers more memory.',
  ),
  NO_BLOCK_SELECTED: of(PRECONDITION, 'GENOME', 'No block selected', 'Lower the threshold, or raise a gene above it.'),
  TRAINER_CRASHED: of(
    INTERNAL,
    { counter: 'faults', countMax: 3, verdict: 'POISON' },
    'Trainer crashed',
    "Read the worker's log.",
  ),
  POISON: of(
    PRECONDITION,
    'GENOME',
    'Ends its trainer or its worker',
    "Read the worker's log, and give workers more memory.",
  ),
  GPU_UNAVAILABLE: of(PRECONDITION, 'OURS', 'GPU unavailable', 'Have the GPUs of the workers checked.'),
  RUNTIME_MISMATCH: of(
    PRECONDITION,
    'OURS',
    'Runtime mismatch',
    "Run workers as the job's first training ran, or ask for RECORDED results.",
  ),
  // Tasks and workers
  // A machine that ran out of memory kills the worker too, but so does whoever takes the machine away.
  LEASE_LOST: of(
    ABORTED,
    { counter: 'leaseLosses', countMax: 10, verdict: 'POISON' },
    'Lease lost',
    'Have the workers checked: one fell silent.',
  ),
  COORDINATOR_LOST: of(UNAVAILABLE, 'OURS', 'Coordinator lost', 'Try again in a minute.'),
  SCRATCH_FULL: of(UNAVAILABLE, 'OURS', 'Disk full', 'Free room on the disk that the message names.'),
  WORKER_TOKEN_INVALID: of(
    UNAUTHENTICATED,
    'OURS',
    'Worker token invalid',
    'Start the worker again, with a fresh token.',
  ),
  WORKER_SCOPE_FOREIGN: of(
    DENIED,
    'OURS',
    'Task of another scope',
    'Ask only about tasks that were leased with this token.',
  ),
  // Search
  // Waiting would not make two searches one.
  REPLAY_DIVERGED: of(INTERNAL, 'JOB', 'Replay diverged', 'Create the job again, and report this.'),
  SEARCH_SPACE_INFEASIBLE: of(
    PRECONDITION,
    'JOB',
    'Search space infeasible',
    'Read why the trials are infeasible, and change what they share.',
  ),
  // Server
  DATABASE_UNAVAILABLE: of(UNAVAILABLE, 'OURS', 'Database unavailable', 'Try again in a minute.'),
  INTERNAL: of(INTERNAL, 'OURS', 'Internal error', 'Report this with its request id.'),
} as const;

export type Reason = keyof typeof TABLE;

/** What is said of one reason. */
export interface ReasonRule {
  readonly answer: Answer;
  readonly blame: Exclude<Blame, Suspicion> | (Suspicion & { readonly verdict: Reason });
  readonly title: string;
  /** One sentence: what to do. */
  readonly help: string;
}

/** The table, in which every verdict is a reason too. */
export const REASON_RULES: Readonly<Record<Reason, ReasonRule>> = TABLE;

/** All reasons, in the order of the table. */
export const REASONS = Object.keys(TABLE) as [Reason, ...Reason[]];

const blameFor = (reason: Reason) => REASON_RULES[reason].blame;

/** Whether the same try would end the same way again. */
export const isFinal = (reason: Reason): boolean => blameFor(reason) === 'GENOME' || blameFor(reason) === 'JOB';

/** Whether a failure ends the job, or the dataset version, and not one candidate. */
export const endsJob = (reason: Reason): boolean => blameFor(reason) === 'JOB';

/** Whether a failure is held against nothing. */
export const isOurs = (reason: Reason): boolean => blameFor(reason) === 'OURS';

/** Whether the same call may succeed later, unchanged. */
export const isRetryable = (reason: Reason): boolean => REASON_RULES[reason].answer.rpc === 'UNAVAILABLE';
