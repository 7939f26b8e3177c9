import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Failure } from '../../domain/dataset.js';
import { DomainError } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { runtimeMismatch, type Runtime } from '../../domain/runtime.js';
import type { TaskOutcome, TaskSpec, TaskState } from '../../domain/task.js';
import { parseImportScope } from './dataset.repository.js';
import { EventRepository } from './event.repository.js';
import { FineTuneJobRepository } from './fine-tune-job.repository.js';
import { TaskEntity } from './task.entities.js';
import type { Transaction } from './transaction.js';

/** Work to be leased. `key` names it within its scope: inserting it again changes nothing. */
export interface NewTask {
  readonly scope: string;
  readonly key: string;
  readonly spec: TaskSpec;
  readonly trialId?: string;
  readonly seed?: number;
}

/** The right to work on a task until the lease ends; `fence` makes a stale right harmless. */
export interface LeasedTask {
  readonly id: string;
  readonly fence: number;
  readonly spec: TaskSpec;
}

/** Names a lease; every write of a worker carries it. */
export interface LeaseRef {
  readonly scope: string;
  readonly taskId: string;
  readonly fence: number;
}

/** A task that was taken from its worker, and what became of it. */
interface TakenTask {
  readonly id: string;
  readonly scope: string;
  readonly key: string;
  readonly state: 'queued' | 'failed' | 'cancelled';
  readonly failure: Failure;
}

/** Outages of object storage that are waited for before one counts as a fault; at a minute each, a quarter of an hour. */
const OUTAGE_COUNT_MAX = 20;

/**
 * Whether anyone still wants a task's work: its scope has not ended, and is not being cancelled; nor is its trial, which
 * one training that cannot be done decides, and an early end of the search drops.
 */
const IS_WANTED = `(EXISTS (SELECT FROM leaderships l WHERE l.scope = t.scope)
  AND NOT EXISTS (SELECT FROM fine_tune_jobs j WHERE j.id = t.scope AND j.state = 'CANCELLING')
  AND NOT EXISTS (SELECT FROM trials r WHERE r.id = t.trial_id AND r.state IN ('CANCELLED', 'INFEASIBLE')))`;

/**
 * Takes a task from its worker. A fault uses up one of `fault_count_max` tries; the next try waits 2, 4, 8 … seconds.
 *
 * @param isFault SQL: whether this end counts as a fault.
 */
const takeBack = (isFault: string): string => `
  faults = faults + (${isFault})::int,
  state = CASE WHEN NOT ${IS_WANTED} THEN 'cancelled'
               WHEN (${isFault}) AND faults + 1 >= fault_count_max THEN 'failed'
               ELSE 'queued' END,
  end_time = CASE WHEN NOT ${IS_WANTED} OR (${isFault}) AND faults + 1 >= fault_count_max THEN now() END,
  not_before = now() + least(60, 2 ^ (least(faults + outages, 10) + 1)) * interval '1 second',
  lease_owner = NULL, lease_until = NULL`;

const REAP = `WITH lost AS MATERIALIZED (
    SELECT id FROM tasks WHERE state = 'leased' AND lease_until < now()
    ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED)
  UPDATE tasks t SET ${takeBack('true')}, failure = jsonb_build_object('reason', 'LEASE_LOST',
         'message', 'Worker ' || t.lease_owner || ' stopped sending heartbeats.',
         'metadata', jsonb_build_object('worker', t.lease_owner))
    FROM lost WHERE t.id = lost.id RETURNING t.id, t.scope, t.key, t.state, t.failure`;

const REPORT_FAULT = `UPDATE tasks t SET ${takeBack(`NOT $5::boolean OR outages >= ${OUTAGE_COUNT_MAX}`)},
         outages = outages + $5::boolean::int, failure = $4
   WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased' RETURNING t.id, t.scope, t.key, t.state, t.failure`;

const LEASE = `WITH ready AS MATERIALIZED (
    SELECT t.id FROM tasks t WHERE t.scope = $1 AND t.state = 'queued' AND t.not_before <= now() AND ${IS_WANTED}
    ORDER BY t.not_before, t.id LIMIT 1 FOR UPDATE SKIP LOCKED)
  UPDATE tasks t SET state = 'leased', lease_owner = $2, lease_until = now() + $3 * interval '1 second',
         claims = claims + 1, fence = nextval('task_fences')
    FROM ready WHERE t.id = ready.id
  RETURNING t.id, t.fence, t.spec, t.trial_id, (SELECT runtime FROM fine_tune_jobs WHERE id = t.scope) AS runtime`;

const HEARTBEAT = `UPDATE tasks t SET lease_until = now() + $4 * interval '1 second'
  WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased' RETURNING NOT ${IS_WANTED} AS cancel`;

const END = `UPDATE tasks SET state = $4, result = $5, failure = $6, end_time = now(), lease_owner = NULL, lease_until = NULL
  WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased'`;

const RELEASE = `UPDATE tasks t SET preemptions = preemptions + 1, not_before = now(), lease_owner = NULL, lease_until = NULL,
         state = CASE WHEN ${IS_WANTED} THEN 'queued' ELSE 'cancelled' END,
         end_time = CASE WHEN NOT ${IS_WANTED} THEN now() END
  WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased'`;

/**
 * The queue of tasks in Postgres. Only the database's clock decides leases. Statements that find no row with the
 * given fence change nothing and say so. Safe to use from any number of processes.
 */
@Injectable()
export class TaskRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventRepository,
    private readonly jobs: FineTuneJobRepository,
  ) {}

  /** Inserts within the caller's transaction; tasks that exist already are left as they are. */
  async insert(manager: Transaction, tasks: readonly NewTask[]): Promise<void> {
    const rows = tasks.map(({ scope, key, spec, trialId, seed }) => ({
      id: newId('tsk'),
      scope,
      key,
      spec,
      trialId,
      seed,
    }));
    await manager.query(
      `INSERT INTO tasks (id, scope, key, spec, trial_id, seed)
       SELECT id, scope, key, spec, "trialId", seed
         FROM jsonb_to_recordset($1::jsonb) AS r (id text, scope text, key text, spec jsonb, "trialId" text, seed bigint)
       ON CONFLICT (scope, key) DO NOTHING`,
      [JSON.stringify(rows)],
    );
  }

  /** Leases the oldest ready task of `scope` and marks its trial as running. Training and scoring are given the job's runtime. */
  async lease(scope: string, owner: string, leaseSeconds: number): Promise<LeasedTask | undefined> {
    // The CTE keeps the row lock and the update in one plan: a sub-select may be run again and skip the locked row.
    const [rows] = await this.dataSource.query<
      [{ id: string; fence: string; spec: TaskSpec; trial_id: string | null; runtime: Runtime | null }[]]
    >(LEASE, [scope, owner, leaseSeconds]);
    const [task] = rows;
    if (task === undefined) return undefined;
    if (task.trial_id !== null) {
      await this.dataSource.query(`UPDATE trials SET state = 'RUNNING' WHERE id = $1 AND state = 'QUEUED'`, [
        task.trial_id,
      ]);
    }
    return { id: task.id, fence: Number(task.fence), spec: withRuntime(task.spec, task.runtime) };
  }

  /** Extends a lease. `leaseLost`: stop at once; `cancel`: nobody wants the result any more. */
  async heartbeat(lease: LeaseRef, leaseSeconds: number): Promise<{ leaseLost: boolean; cancel: boolean }> {
    const parameters = [lease.taskId, lease.scope, lease.fence, leaseSeconds];
    const [rows] = await this.dataSource.query<[{ cancel: boolean }[]]>(HEARTBEAT, parameters);
    return { leaseLost: rows.length === 0, cancel: rows[0]?.cancel ?? false };
  }

  /** What a lease that is still held works on; undefined when the fence is old. */
  async leased(lease: LeaseRef): Promise<TaskSpec | undefined> {
    const rows = await this.dataSource.query<{ spec: TaskSpec }[]>(
      `SELECT spec FROM tasks WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased'`,
      [lease.taskId, lease.scope, lease.fence],
    );
    return rows[0]?.spec;
  }

  /** Stores values of a training's curve; a repeat changes nothing. @returns false when the fence is old. */
  async reportMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<boolean> {
    if ((await this.leased(lease)) === undefined) return false;
    await this.dataSource.query(
      `INSERT INTO metric_points (task_id, fence, name, epoch, value)
       SELECT $1, $2, v.name, v.epoch, v.value
         FROM jsonb_to_recordset($3::jsonb) AS v (name text, epoch int, value float8)
       ON CONFLICT DO NOTHING`,
      [lease.taskId, lease.fence, JSON.stringify(values)],
    );
    return true;
  }

  /**
   * Ends an attempt. The first training of a BITWISE job that succeeds fixes the job's runtime; the result of one that ran
   * otherwise is not taken, and counts as a fault.
   *
   * @returns false when the fence is old; true also for a repeat of the call that ended it.
   */
  async complete(lease: LeaseRef, outcome: TaskOutcome): Promise<boolean> {
    if ('fault' in outcome) return this.fault(lease, outcome.fault);
    try {
      const hasEnded = await this.dataSource.transaction((transaction) => this.end(transaction, lease, outcome));
      return hasEnded || (await this.endedBy(lease, ['succeeded', 'infeasible', 'failed']));
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== 'RUNTIME_MISMATCH') throw error;
      const { reason, message, metadata } = error;
      return this.fault(lease, { reason, message, metadata });
    }
  }

  /** Gives a task back untouched: the worker was told to go. @returns false when the fence is old. */
  async release({ taskId, scope, fence }: LeaseRef): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(RELEASE, [taskId, scope, fence]);
    return count === 1;
  }

  /** Moves what is not being worked on to `cancelled`: of a scope, or of one of its trials. */
  async cancelQueued(manager: Transaction, scope: string, trialId?: string): Promise<void> {
    await manager.query(
      `UPDATE tasks SET state = 'cancelled', end_time = now()
        WHERE scope = $1 AND state = 'queued' AND trial_id IS NOT DISTINCT FROM coalesce($2, trial_id)`,
      [scope, trialId],
    );
  }

  /** Tasks of a scope whose keys start with `prefix`, in key order. */
  async listByKeyPrefix(scope: string, prefix: string): Promise<TaskEntity[]> {
    return this.dataSource
      .getRepository(TaskEntity)
      .createQueryBuilder('task')
      .where('task.scope = :scope AND starts_with(task.key, :prefix)', { scope, prefix })
      .orderBy('task.key')
      .getMany();
  }

  /** Whether a worker still holds a lease of the scope that has not run out. */
  async hasLeased(scope: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `SELECT 1 FROM tasks WHERE scope = $1 AND state = 'leased' AND lease_until >= now() LIMIT 1`,
      [scope],
    );
    return rows.length > 0;
  }

  /** Takes tasks away from workers that have fallen silent, and tells their jobs. @returns how many. */
  async reap(): Promise<number> {
    return this.dataSource.transaction(async (transaction) => {
      const [rows] = await transaction.query<[TakenTask[]]>(REAP);
      await this.tell(transaction, rows);
      return rows.length;
    });
  }

  /** @throws {DomainError} RUNTIME_MISMATCH, which rolls everything back. */
  private async end(manager: Transaction, lease: LeaseRef, outcome: Exclude<TaskOutcome, { fault: Failure }>) {
    const { taskId, scope, fence } = lease;
    const parameters =
      'succeeded' in outcome ? ['succeeded', outcome.succeeded, null] : ['infeasible', null, outcome.infeasible];
    const [, count] = await manager.query<[unknown[], number]>(END, [taskId, scope, fence, ...parameters]);
    const ran = 'succeeded' in outcome && 'train' in outcome.succeeded ? outcome.succeeded.train.runtime : undefined;
    if (ran !== undefined) {
      const ofJob = await (count === 1 ? this.jobs.fixRuntime(manager, scope, ran) : this.jobs.runtime(manager, scope));
      const mismatch = ofJob === undefined ? undefined : runtimeMismatch(ran, ofJob);
      if (mismatch !== undefined) throw mismatch;
    }
    return count === 1;
  }

  private async fault(lease: LeaseRef, failure: Failure): Promise<boolean> {
    const { taskId, scope, fence } = lease;
    const isOutage = failure.reason === 'STORAGE_UNAVAILABLE';
    const count = await this.dataSource.transaction(async (transaction) => {
      const parameters = [taskId, scope, fence, failure, isOutage];
      const [rows] = await transaction.query<[TakenTask[]]>(REPORT_FAULT, parameters);
      await this.tell(transaction, rows);
      return rows.length;
    });
    return count === 1 || this.endedBy(lease, ['queued', 'failed', 'cancelled']);
  }

  /** Writes an event for each task of a job. In one order for all, so that two of these never wait for each other. */
  private async tell(transaction: Transaction, tasks: readonly TakenTask[]): Promise<void> {
    const ofJobs = tasks.filter(({ scope, state }) => parseImportScope(scope) === undefined && state !== 'cancelled');
    for (const { id, scope, key, state, failure } of [...ofJobs].sort((a, b) => (a.scope < b.scope ? -1 : 1))) {
      const type = state === 'failed' ? 'TASK_FAILED' : 'TASK_REQUEUED';
      const { reason, message } = failure;
      await this.events.append(transaction, scope, type, { task: id, key, reason, message });
    }
  }

  /** Whether the attempt with this fence is the one that ended like this: then its report is a repeat, not a stale one. */
  private async endedBy({ taskId, scope, fence }: LeaseRef, states: readonly TaskState[]): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `SELECT 1 FROM tasks WHERE id = $1 AND scope = $2 AND fence = $3 AND state = ANY ($4)`,
      [taskId, scope, fence, states],
    );
    return rows.length === 1;
  }
}

/** Told at the lease, not when the task is made: the first trainings of a job are made before one has fixed it. */
function withRuntime(spec: TaskSpec, runtime: Runtime | null): TaskSpec {
  if (runtime === null || 'import' in spec) return spec;
  return 'train' in spec ? { train: { ...spec.train, runtime } } : { score: { ...spec.score, runtime } };
}
