/** What a run has left behind and what was seen on the way: all that the invariants are judged by. */
export interface Evidence {
  /** Every 201 that was answered, repeats too. */
  readonly answers: readonly { readonly key: string; readonly jobId: string }[];
  readonly jobs: readonly JobRow[];
  /** Each task as it looked whenever it had changed, in order of time; the last is how it ended. */
  readonly taskVersions: readonly TaskVersion[];
  readonly trials: readonly TrialRow[];
  readonly trainings: readonly TrainingRow[];
  readonly blobs: readonly BlobRead[];
  readonly events: readonly JobEvents[];
}

export interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly reason: string; readonly message: string } | null;
  /** Whether a caller has asked for its end. */
  readonly isCancelAsked: boolean;
}

export interface TaskVersion {
  readonly id: string;
  readonly scope: string;
  readonly key: string;
  readonly state: string;
  readonly fence: number;
  readonly claims: number;
  readonly resultDigest: string | null;
  /** Whether a lease runs, by the database's clock. */
  readonly isHeld: boolean;
  /** Since its job was to be cancelled; null when it was not. */
  readonly cancelledSeconds: number | null;
}

export interface TrialRow {
  readonly id: string;
  readonly jobId: string;
  /** Phase, method, generation and slot. */
  readonly place: string;
  readonly state: string;
  readonly genes: readonly number[] | null;
  readonly threshold: number | null;
  readonly lrMultipliers: readonly number[];
  readonly fitness: number | null;
  readonly infeasibleReason: string | null;
  readonly reusedTrialId: string | null;
}

export interface TrainingRow {
  readonly jobId: string;
  readonly trialId: string;
  readonly state: string;
  readonly claims: number;
  /** Validation figure that fitness is 1 minus of; null without a result. */
  readonly figure: number | null;
  readonly trainSeconds: number | null;
}

export interface BlobRead {
  /** Which row names it, and where it lies. */
  readonly name: string;
  readonly sha256: string;
  /** Of the bytes that are there; null when there are none. */
  readonly foundSha256: string | null;
}

export interface JobEvents {
  readonly jobId: string;
  /** As rows. */
  readonly stored: readonly number[];
  /** As a caller was given them, page by page. */
  readonly delivered: readonly number[];
}
