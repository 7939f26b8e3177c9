/** What becomes of a job's tasks while the job is in a state. */
export const JOB_WORK = {
  /** The job waits for the import of its images, and has no tasks yet. */
  VALIDATING: 'NONE',
  QUEUED: 'WANTED',
  RUNNING: 'WANTED',
  /** Nothing is leased until someone resumes the job; what runs is handed back, at no fault. */
  PAUSING: 'HELD',
  PAUSED: 'HELD',
  /** Nobody wants the results any more. */
  CANCELLING: 'DROPPED',
  SUCCEEDED: 'DROPPED',
  FAILED: 'DROPPED',
  CANCELLED: 'DROPPED',
} as const satisfies Record<string, 'NONE' | 'WANTED' | 'HELD' | 'DROPPED'>;
export type JobState = keyof typeof JOB_WORK;

/** Every move that the state of a job may make; a state without one is terminal. */
export const JOB_MOVES = {
  VALIDATING: ['QUEUED', 'CANCELLING', 'FAILED'],
  QUEUED: ['RUNNING', 'PAUSED', 'CANCELLING', 'FAILED'],
  RUNNING: ['SUCCEEDED', 'PAUSING', 'CANCELLING', 'FAILED'],
  PAUSING: ['PAUSED', 'CANCELLING', 'FAILED'],
  PAUSED: ['QUEUED', 'CANCELLING'],
  CANCELLING: ['CANCELLED'],
  SUCCEEDED: [],
  FAILED: [],
  CANCELLED: [],
} as const satisfies Record<JobState, readonly JobState[]>;

export const JOB_STATES = Object.keys(JOB_MOVES) as [JobState, ...JobState[]];

/** The states in which the tasks of a job are treated in one way; SQL and code ask for these, and list no states themselves. */
export const statesWith = (work: (typeof JOB_WORK)[JobState]): readonly JobState[] =>
  JOB_STATES.filter((state) => JOB_WORK[state] === work);

/** Whether a move is one of `JOB_MOVES`. */
export const mayMove = (from: JobState, to: JobState): boolean =>
  JOB_MOVES[from].some((allowed: JobState) => allowed === to);

/** The states that a job may come from into this one. */
export const statesBefore = (to: JobState): readonly JobState[] => JOB_STATES.filter((from) => mayMove(from, to));

export const TERMINAL_JOB_STATES: readonly JobState[] = JOB_STATES.filter((state) => JOB_MOVES[state].length === 0);

/** The terminal states of a job that came to nothing: what it has made is kept for a while only. */
export const FRUITLESS_JOB_STATES: readonly JobState[] = ['FAILED', 'CANCELLED'];

/** Whether a job has ended. */
export const isTerminal = (state: JobState): boolean => TERMINAL_JOB_STATES.includes(state);

/** Where a running job stands, in the order of its life. Each phase is entered in one transaction. */
export const JOB_PHASES = ['SEARCHING', 'SELECTING', 'FINALS', 'RETRAINING', 'SCORING', 'PUBLISHING'] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

/** Whether a job has left a phase behind. */
export const hasPassed = (phase: JobPhase | undefined, earlier: JobPhase): boolean =>
  phase !== undefined && JOB_PHASES.indexOf(phase) > JOB_PHASES.indexOf(earlier);

export const STOP_REASONS = [
  'COMPLETED',
  'TARGET_REACHED',
  'PLATEAU',
  'TRIAL_BUDGET',
  'NO_EXPECTED_GAIN',
  'WALL_BUDGET',
  'GPU_BUDGET',
  'USER_CANCELLED',
  'ERROR',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];
