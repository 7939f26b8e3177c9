import { Injectable } from '@nestjs/common';
import type { Failure } from '../../domain/errors.js';
import type { Runtime } from '../../domain/runtime.js';
import type { TaskKind, TaskOutcome, TaskSpec, TaskState } from '../../domain/task.js';
import { Database, type Prepared } from './database.js';
import type { Transaction } from './transaction.js';
import { isPaused, isWanted } from './wanted-tasks.js';

/** Names a lease; every write of a worker carries it. */
export interface LeaseRef {
  readonly scope: string;
  readonly taskId: string;
  readonly fence: number;
}

/** A lease as it is given. */
export interface GivenLease {
  readonly id: string;
  readonly fence: number;
  readonly spec: TaskSpec;
  /** The job's, if a training has fixed it. */
  readonly runtime?: Runtime;
}

/** How an attempt ends that is not tried again. */
export type Ending = Exclude<TaskOutcome, { fault: Failure }>;

/** A task that is being taken from its worker. */
export interface TakenTask {
  readonly id: string;
  readonly scope: string;
  readonly key: string;
  readonly kind: TaskKind;
  readonly faults: number;
  readonly leaseLosses: number;
  /** Seconds since the first of the faults of ours that no progress came after; 0 without one. */
  readonly outageSeconds: number;
  readonly isWanted: boolean;
}

/** One whose worker has fallen silent. */
export interface LostTask extends TakenTask {
  readonly worker: string;
  /** Whether whoever led the scope when the lease was given was still there after the worker was not. */
  readonly hasLeader: boolean;
}

/** What becomes of a task that is taken from its worker. */
export interface TakenBack {
  readonly id: string;
  readonly state: Extract<TaskState, 'queued' | 'infeasible' | 'cancelled'>;
  readonly failure: Failure;
  readonly faults: number;
  readonly leaseLosses: number;
  readonly isOutage: boolean;
  readonly waitSeconds: number;
}

interface LeasedRow {
  readonly id: string;
  readonly fence: string;
  readonly spec: TaskSpec;
  readonly runtime: Runtime | null;
}

const IS_WANTED = isWanted('t.scope');

const TAKEN = `t.id, t.scope, t.key, t.kind, t.faults, t.lease_losses AS "leaseLosses", ${IS_WANTED} AS "isWanted",
  coalesce(extract(epoch FROM now() - t.outage_since), 0)::float8 AS "outageSeconds"`;

/**
 * A worker gives up by itself two thirds of a lease after its last heartbeat. So a leader was there without it only if it
 * has renewed its own lease later than that; a leader that lives has, by the time that the worker's lease has ended.
 */
const LOST = `SELECT ${TAKEN}, t.lease_owner AS worker,
         EXISTS (SELECT FROM leaderships l WHERE l.scope = t.scope AND l.epoch = t.leader_epoch
                    AND l.lease_until > t.lease_until + $1 * 2 / 3 * interval '1 second') AS "hasLeader"
    FROM tasks t WHERE t.state = 'leased' AND t.lease_until < now()
   ORDER BY t.lease_until LIMIT 500 FOR UPDATE OF t SKIP LOCKED`;

const HELD = `SELECT ${TAKEN} FROM tasks t
   WHERE t.id = $1 AND t.scope = $2 AND t.fence = $3 AND t.state = 'leased' FOR UPDATE OF t`;

const TAKE_BACK = `UPDATE tasks t SET state = r.state, failure = r.failure, faults = r.faults,
         lease_losses = r."leaseLosses", outages = outages + r."isOutage"::int,
         outage_since = CASE WHEN r."isOutage" THEN coalesce(outage_since, now()) END,
         not_before = now() + r."waitSeconds" * interval '1 second',
         end_time = CASE WHEN r.state <> 'queued' THEN now() END, lease_owner = NULL, lease_until = NULL
    FROM jsonb_to_recordset($1::jsonb) AS r (id text, state text, failure jsonb, faults int, "leaseLosses" int,
                                             "isOutage" boolean, "waitSeconds" float8)
   WHERE t.id = r.id`;

/** The CTE keeps the row lock and the update in one plan: a sub-select may be run again and skip the locked row. */
const LEASE: Prepared = {
  name: 'tasks.lease',
  text: `WITH ready AS MATERIALIZED (
    SELECT t.id FROM tasks t WHERE t.scope = $1 AND t.state = 'queued' AND t.not_before <= now() AND ${isWanted('$1')}
      AND NOT ${isPaused('$1')}
    ORDER BY t.not_before, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED),
  leased AS (
    UPDATE tasks t SET state = 'leased', lease_owner = $2, lease_until = now() + $3 * interval '1 second',
           claims = claims + 1, fence = nextval('task_fences'),
           leader_epoch = (SELECT epoch FROM leaderships WHERE scope = $1)
      FROM ready WHERE t.id = ready.id RETURNING t.id, t.fence, t.spec, t.trial_id),
  begun AS (UPDATE trials r SET state = 'RUNNING' FROM leased WHERE r.id = leased.trial_id AND r.state = 'QUEUED')
  SELECT id, fence, spec, (SELECT runtime FROM fine_tune_jobs WHERE id = $1) AS runtime,
         (SELECT active_since IS NULL FROM fine_tune_jobs WHERE id = $1) AS "isFirst" FROM leased`,
};

/**
 * Names the task of a lease that is held, by the check `tasks_leased`. By its state, the planner would look in the index of
 * leased rows, which holds an entry for each lease since the last vacuum.
 */
const IS_HELD = 'id = $1 AND scope = $2 AND fence = $3 AND lease_owner IS NOT NULL';

const LEASE_AGAIN = `UPDATE tasks t SET lease_until = now() + $3 * interval '1 second'
  WHERE t.id = (SELECT id FROM tasks WHERE scope = $1 AND state = 'leased' AND lease_owner = $2 LIMIT 1)
    AND t.state = 'leased' AND t.lease_owner = $2 AND ${IS_WANTED} AND NOT ${isPaused('t.scope')}
  RETURNING t.id, t.fence, t.spec, (SELECT runtime FROM fine_tune_jobs WHERE id = t.scope) AS runtime`;

const HELD_SPEC = `SELECT spec FROM tasks WHERE ${IS_HELD}`;

const HEARTBEAT = `UPDATE tasks t SET lease_until = now() + $4 * interval '1 second'
  WHERE ${IS_HELD} RETURNING NOT ${IS_WANTED} OR ${isPaused('t.scope')} AS cancel`;

const END = `UPDATE tasks SET state = $4, result = $5, failure = $6, end_time = now(), lease_owner = NULL, lease_until = NULL
  WHERE ${IS_HELD}`;

/** Ends an attempt that agrees with the job's runtime, if that matters; finds nothing where it is still to be fixed. */
const END_AS_FIXED: Prepared = {
  name: 'tasks.end_as_fixed',
  text: `${END} AND ($7::jsonb IS NULL OR (
    SELECT j.runtime = $7 OR j.spec ->> 'reproducibility' <> 'BITWISE' FROM fine_tune_jobs j WHERE j.id = $2))`,
};

const RELEASE = `UPDATE tasks t SET preemptions = preemptions + 1, not_before = now(), lease_owner = NULL, lease_until = NULL,
         state = CASE WHEN ${IS_WANTED} THEN 'queued' ELSE 'cancelled' END,
         end_time = CASE WHEN NOT ${IS_WANTED} THEN now() END
  WHERE id = $1 AND scope = $2 AND fence = $3 AND state = 'leased'`;

/** Leases of tasks. Only the database's clock decides them. Statements that find no row with the given fence change nothing and say so. */
@Injectable()
export class LeaseRepository {
  constructor(private readonly database: Database) {}

  /**
   * Leases the oldest ready task of `scope` and marks its trial as running.
   *
   * @returns also whether the clock of its job stands.
   */
  async take(
    scope: string,
    owner: string,
    leaseSeconds: number,
  ): Promise<(GivenLease & { readonly isFirst: boolean }) | undefined> {
    type Row = LeasedRow & { isFirst: boolean | null };
    const { rows } = await this.database.prepared<Row>(LEASE, [scope, owner, leaseSeconds]);
    return rows[0] && { ...given(rows[0]), isFirst: rows[0].isFirst === true };
  }

  /** The task that `owner` holds already, with the same fence and a whole lease; undefined when there is none. */
  async takeAgain(scope: string, owner: string, leaseSeconds: number): Promise<GivenLease | undefined> {
    const [[row]] = await this.database.query<[LeasedRow[]]>(LEASE_AGAIN, [scope, owner, leaseSeconds]);
    return row && given(row);
  }

  /** Extends a lease. `leaseLost`: stop at once; `cancel`: nobody wants the result any more, or not now. */
  async renew(lease: LeaseRef, leaseSeconds: number): Promise<{ leaseLost: boolean; cancel: boolean }> {
    const parameters = [lease.taskId, lease.scope, lease.fence, leaseSeconds];
    const [rows] = await this.database.query<[{ cancel: boolean }[]]>(HEARTBEAT, parameters);
    return { leaseLost: rows.length === 0, cancel: rows[0]?.cancel ?? false };
  }

  /** What a lease that is still held works on; undefined when the fence is old. */
  async spec(lease: LeaseRef): Promise<TaskSpec | undefined> {
    const rows = await this.database.query<{ spec: TaskSpec }[]>(HELD_SPEC, [lease.taskId, lease.scope, lease.fence]);
    return rows[0]?.spec;
  }

  /** Says that a leased task gets on: an outage that it met is over. */
  async noteProgress({ taskId, fence }: LeaseRef): Promise<void> {
    await this.database.query(
      `UPDATE tasks SET outage_since = NULL
        WHERE id = $1 AND fence = $2 AND state = 'leased' AND outage_since IS NOT NULL`,
      [taskId, fence],
    );
  }

  /** Says what keeps a leased task waiting, while its worker tries on. */
  async noteOutage({ taskId, fence }: LeaseRef, failure: Failure): Promise<void> {
    await this.database.query(
      `UPDATE tasks SET outage_since = coalesce(outage_since, now()), failure = $3
        WHERE id = $1 AND fence = $2 AND state = 'leased'`,
      [taskId, fence, failure],
    );
  }

  /** The scope of a task; undefined when there is no such task. */
  async scopeOf(taskId: string): Promise<string | undefined> {
    const rows = await this.database.query<{ scope: string }[]>('SELECT scope FROM tasks WHERE id = $1', [taskId]);
    return rows[0]?.scope;
  }

  /** Stores values of a training's curve; a repeat changes nothing. */
  async storeMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<void> {
    await this.database.query(
      `INSERT INTO metric_points (task_id, fence, name, epoch, value)
       SELECT $1, $2, v.name, v.epoch, v.value
         FROM jsonb_to_recordset($3::jsonb) AS v (name text, epoch int, value float8)
       ON CONFLICT DO NOTHING`,
      [lease.taskId, lease.fence, JSON.stringify(values)],
    );
  }

  /**
   * Ends an attempt in one statement.
   *
   * @param ran The runtime of a training that has succeeded.
   * @returns false when the fence is old, or `ran` is not the runtime that the job has fixed.
   */
  async endAsFixed(lease: LeaseRef, ending: Ending, ran: Runtime | undefined): Promise<boolean> {
    return (await this.database.prepared(END_AS_FIXED, [...endParameters(lease, ending), ran])).rowCount === 1;
  }

  /** Ends an attempt, whatever the job's runtime is. @returns false when the fence is old. */
  async end(transaction: Transaction, lease: LeaseRef, ending: Ending): Promise<boolean> {
    const [, count] = await transaction.query<[unknown[], number]>(END, endParameters(lease, ending));
    return count === 1;
  }

  /** Gives a task back untouched: the worker is to shut down. @returns false when the fence is old. */
  async release({ taskId, scope, fence }: LeaseRef): Promise<boolean> {
    const [, count] = await this.database.query<[unknown[], number]>(RELEASE, [taskId, scope, fence]);
    return count === 1;
  }

  /** Locks the row of a task that a lease is held on; undefined when the fence is old. */
  async hold(transaction: Transaction, { taskId, scope, fence }: LeaseRef): Promise<TakenTask | undefined> {
    const [task] = await transaction.query<TakenTask[]>(HELD, [taskId, scope, fence]);
    return task;
  }

  /** Locks the rows of tasks whose leases have ended. @param leaseSeconds The length of the leases of workers and of leaders. */
  holdLost(transaction: Transaction, leaseSeconds: number): Promise<LostTask[]> {
    return transaction.query<LostTask[]>(LOST, [leaseSeconds]);
  }

  /** Ends the leases of tasks whose rows are locked. */
  async takeBack(transaction: Transaction, tasks: readonly TakenBack[]): Promise<void> {
    if (tasks.length > 0) await transaction.query(TAKE_BACK, [JSON.stringify(tasks)]);
  }

  /** Whether the attempt with this fence is the one that ended like this: then its report is a repeat, not a stale one. */
  async hasEnded({ taskId, scope, fence }: LeaseRef, states: readonly TaskState[]): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `SELECT 1 FROM tasks WHERE id = $1 AND scope = $2 AND fence = $3 AND state = ANY ($4)`,
      [taskId, scope, fence, states],
    );
    return rows.length === 1;
  }
}

const given = ({ id, fence, spec, runtime }: LeasedRow): GivenLease => ({
  id,
  fence: Number(fence),
  spec,
  ...(runtime !== null && { runtime }),
});

const endParameters = ({ taskId, scope, fence }: LeaseRef, ending: Ending): unknown[] => [
  taskId,
  scope,
  fence,
  ...('succeeded' in ending ? ['succeeded', ending.succeeded, null] : ['infeasible', null, ending.infeasible]),
];
