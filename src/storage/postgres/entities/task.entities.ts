import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Failure } from '../../../domain/errors.js';
import {
  type StoredTask,
  TASK_KIND_NAMES,
  TASK_STATES,
  type TaskKind,
  type TaskResult,
  type TaskSpec,
  type TaskState,
} from '../../../domain/task.js';
import { absent, integer } from './columns.js';
import { finite, oneOf } from './checks.js';
import { TrialEntity } from './trial.entities.js';

/** A unit of leased work. */
@Entity('tasks')
@Unique('tasks_key', ['scope', 'key'])
@Check('tasks_kind', oneOf('kind', TASK_KIND_NAMES))
@Check('tasks_state', oneOf('state', TASK_STATES))
@Check('tasks_leased', `(state = 'leased') = (lease_owner IS NOT NULL)`)
@Index('tasks_ready', ['scope', 'notBefore', 'id'], { where: `state = 'queued'` })
@Index('tasks_leased_until', ['leaseUntil'], { where: `state = 'leased'` })
@Index('tasks_by_trial', ['trialId'])
@Index('tasks_in_outage', ['scope', 'outageSince'], { where: `outage_since IS NOT NULL AND end_time IS NULL` })
export class TaskEntity implements StoredTask {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  scope!: string;

  @Column('text')
  key!: string;

  @Column('text')
  kind!: TaskKind;

  @Column('text', { nullable: true, transformer: absent })
  @ForeignKey(() => TrialEntity, { name: 'tasks_trial' })
  trialId?: string;

  @Column('bigint', { nullable: true, transformer: integer })
  seed?: number;

  @Column('jsonb')
  spec!: TaskSpec;

  @Column('text', { default: 'queued' })
  state!: TaskState;

  @Column('timestamptz', { default: () => 'now()' })
  notBefore!: Date;

  @Column('int', { default: 0 })
  claims!: number;

  @Column('int', { default: 0 })
  faults!: number;

  @Column('int', { default: 0 })
  leaseLosses!: number;

  @Column('int', { default: 0 })
  outages!: number;

  @Column('timestamptz', { nullable: true, transformer: absent })
  outageSince?: Date;

  @Column('int', { default: 0 })
  preemptions!: number;

  @Column('bigint', { default: 0, transformer: integer })
  fence!: number;

  @Column('text', { nullable: true, transformer: absent })
  leaseOwner?: string;

  @Column('timestamptz', { nullable: true, transformer: absent })
  leaseUntil?: Date;

  @Column('bigint', { nullable: true, transformer: integer })
  leaderEpoch?: number;

  @Column('jsonb', { nullable: true, transformer: absent })
  failure?: Failure;

  @Column('jsonb', { nullable: true, transformer: absent })
  result?: TaskResult;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;

  @Column('timestamptz', { nullable: true, transformer: absent })
  endTime?: Date;
}

/** The end of a task that the leader of its scope has not acted on yet; written in the transaction that ends the task, by whatever ends it. */
@Entity('task_ends')
export class TaskEndEntity {
  @PrimaryColumn('text')
  scope!: string;

  /** The fence of the lease that ended; no two tasks share one. */
  @PrimaryColumn('bigint', { transformer: integer })
  fence!: number;

  @Column('text', { nullable: true, transformer: absent })
  trialId?: string;
}

/** One value of a training's curve, kept per lease: readers use the fence that completed. */
@Entity('metric_points')
@Check('metric_points_finite', finite('value'))
export class MetricPointEntity {
  @PrimaryColumn('text')
  @ForeignKey(() => TaskEntity, { name: 'metric_points_task' })
  taskId!: string;

  @PrimaryColumn('bigint', { transformer: integer })
  fence!: number;

  @PrimaryColumn('text')
  name!: string;

  @PrimaryColumn('int')
  epoch!: number;

  @Column('float8')
  value!: number;
}
