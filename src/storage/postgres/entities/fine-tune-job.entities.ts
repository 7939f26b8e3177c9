import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Failure } from '../../../domain/errors.js';
import type { FineTuneJobSpec, IdempotencyKey, StoredFineTuneJob } from '../../../domain/job/fine-tune-job.js';
import {
  JOB_PHASES,
  JOB_STATES,
  STOP_REASONS,
  type JobPhase,
  type JobState,
  type StopReason,
} from '../../../domain/job/job-state.js';
import type { EventType, JobEvent } from '../../../domain/job/event.js';
import type { Pause } from '../../../domain/job/job-condition.js';
import type { JobResult } from '../../../domain/job/job-result.js';
import type { Runtime } from '../../../domain/runtime.js';
import { oneOf } from './checks.js';
import { absent, integer } from './columns.js';
import { DatasetVersionEntity } from './dataset.entities.js';

/** A trigger refuses any change of a row in a terminal state. */
@Entity('fine_tune_jobs')
@Check('fine_tune_jobs_state', oneOf('state', JOB_STATES))
@Check('fine_tune_jobs_phase', oneOf('phase', JOB_PHASES))
@Check('fine_tune_jobs_stop_reason', oneOf('stop_reason', STOP_REASONS))
@ForeignKey(() => DatasetVersionEntity, ['datasetId', 'datasetVersion'], ['datasetId', 'number'], {
  name: 'fine_tune_jobs_dataset',
})
@Index('fine_tune_jobs_by_project', ['project', 'id'])
@Index('fine_tune_jobs_external_id', ['project', 'externalId'], { unique: true })
export class FineTuneJobEntity implements StoredFineTuneJob {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  project!: string;

  @Column('text', { nullable: true, transformer: absent })
  externalId?: string;

  @Column('text', { nullable: true, transformer: absent })
  displayName?: string;

  @Column('jsonb', { default: {} })
  labels!: Readonly<Record<string, string>>;

  @Column('text')
  datasetId!: string;

  @Column('int')
  datasetVersion!: number;

  @Column('jsonb')
  spec!: FineTuneJobSpec;

  @Column('int')
  algorithmVersion!: number;

  @Column('text', { default: 'VALIDATING' })
  state!: JobState;

  @Column('text', { nullable: true, transformer: absent })
  phase?: JobPhase;

  @Column('jsonb', { nullable: true, transformer: absent })
  pause?: Pause;

  @Column('jsonb', { nullable: true, transformer: absent })
  outage?: Failure;

  @Column('timestamptz', { nullable: true, transformer: absent })
  outageSince?: Date;

  @Column('float8', { default: 0 })
  activeSeconds!: number;

  @Column('timestamptz', { nullable: true, transformer: absent })
  activeSince?: Date;

  @Column('jsonb', { nullable: true, transformer: absent })
  runtime?: Runtime;

  @Column('text', { nullable: true, transformer: absent })
  stopReason?: StopReason;

  @Column('jsonb', { nullable: true, transformer: absent })
  result?: JobResult;

  @Column('jsonb', { nullable: true, transformer: absent })
  error?: Failure;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;

  @Column('timestamptz', { nullable: true, transformer: absent })
  startTime?: Date;

  @Column('timestamptz', { nullable: true, transformer: absent })
  endTime?: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updateTime!: Date;
}

/** The first answer to a request with an idempotency key. */
@Entity('idempotency_keys')
export class IdempotencyKeyEntity implements IdempotencyKey {
  @PrimaryColumn('text')
  project!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  requestSha256!: string;

  @Column('text')
  @ForeignKey(() => FineTuneJobEntity, { name: 'idempotency_keys_job' })
  jobId!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;
}

@Entity('events')
export class EventEntity implements Omit<JobEvent, 'time'> {
  @PrimaryColumn('text')
  @ForeignKey(() => FineTuneJobEntity, { name: 'events_job' })
  jobId!: string;

  /** The number of the event, from 1, without gaps within the job. */
  @PrimaryColumn('bigint', { transformer: integer })
  seq!: number;

  @Column('text')
  type!: EventType;

  @Column('jsonb')
  payload!: Readonly<Record<string, string>>;

  @Column('timestamptz', { default: () => 'now()' })
  time!: Date;
}

/** Who leads a scope (a job, or the import of a dataset version); the row goes when the scope has ended, and with it all leases. */
@Entity('leaderships')
@Index('leaderships_by_end', ['leaseUntil'])
export class LeadershipEntity {
  @PrimaryColumn('text')
  scope!: string;

  /** Only a coordinator with this version of the search may lead the scope; absent where it does not matter. */
  @Column('int', { nullable: true, transformer: absent })
  algorithmVersion?: number;

  /** Fence: grows with each change of leader. */
  @Column('bigint', { default: 0, transformer: integer })
  epoch!: number;

  @Column('text', { nullable: true, transformer: absent })
  owner?: string;

  @Column('timestamptz', { default: () => 'now()' })
  leaseUntil!: Date;
}

/** A coordinator that says it is alive. */
@Entity('coordinators')
export class CoordinatorEntity {
  @PrimaryColumn('text')
  owner!: string;

  /** Version of the search that it has. */
  @Column('int')
  algorithmVersion!: number;

  @Column('timestamptz')
  aliveUntil!: Date;
}
