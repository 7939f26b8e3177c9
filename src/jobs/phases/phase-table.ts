import { Injectable, type Provider } from '@nestjs/common';
import type { JobPhase, JobState } from '../../domain/job/job-state.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { AwaitingImport } from './awaiting-import.js';
import { Cancelling } from './cancelling.js';
import { Finals } from './finals.js';
import { Parking } from './parking.js';
import type { Phase } from './phase.js';
import { Publishing } from './publishing.js';
import { Retraining } from './retraining.js';
import { Scoring } from './scoring.js';
import { Searching } from './searching.js';
import { Selecting } from './selecting.js';
import { Starting } from './starting.js';
import { TargetConfirmation } from './target-confirmation.js';

/** What `PhaseTable` is made from. */
export const PHASES: readonly Provider[] = [
  AwaitingImport,
  Starting,
  Searching,
  Selecting,
  Finals,
  Retraining,
  Scoring,
  Publishing,
  Parking,
  Cancelling,
  TargetConfirmation,
];

/** Where a job stands: a phase of RUNNING, or another state. */
export type Station = Exclude<JobState, 'RUNNING'> | JobPhase;

/** One row of the table: what is done at a station, and where the job goes when that is done. */
export interface PhaseRow {
  readonly phase: Phase;
  readonly to: Station;
}

/** The station of a job that has not ended. */
export function stationOf({ state, phase }: Pick<StoredFineTuneJob, 'state' | 'phase'>): Station {
  if (state !== 'RUNNING') return state;
  if (phase === undefined) throw new Error('a job is RUNNING in no phase');
  return phase;
}

/** All that a job goes through, a row each; `JOB_MOVES` and `JOB_PHASES` say the same of states and phases alone. */
@Injectable()
export class PhaseTable {
  private readonly rows: Readonly<Partial<Record<Station, PhaseRow>>>;

  constructor(
    awaitingImport: AwaitingImport,
    starting: Starting,
    searching: Searching,
    selecting: Selecting,
    finals: Finals,
    retraining: Retraining,
    scoring: Scoring,
    publishing: Publishing,
    parking: Parking,
    cancelling: Cancelling,
  ) {
    this.rows = {
      VALIDATING: { phase: awaitingImport, to: 'QUEUED' },
      QUEUED: { phase: starting, to: 'SEARCHING' },
      SEARCHING: { phase: searching, to: 'SELECTING' },
      SELECTING: { phase: selecting, to: 'FINALS' },
      FINALS: { phase: finals, to: 'RETRAINING' },
      RETRAINING: { phase: retraining, to: 'SCORING' },
      SCORING: { phase: scoring, to: 'PUBLISHING' },
      PUBLISHING: { phase: publishing, to: 'SUCCEEDED' },
      PAUSING: { phase: parking, to: 'PAUSED' },
      PAUSED: { phase: parking, to: 'PAUSED' },
      CANCELLING: { phase: cancelling, to: 'CANCELLED' },
    };
  }

  /** @throws {Error} for a station at which a job has ended. */
  at(station: Station): PhaseRow {
    const row = this.rows[station];
    if (row === undefined) throw new Error(`nothing is done at ${station}`);
    return row;
  }
}
