import { Injectable } from '@nestjs/common';
import { DomainError, type Failure, failureOf } from '../../domain/errors.js';
import { afterFault, type FaultHistory } from '../../domain/fault-policy.js';
import { isFinal } from '../../domain/reasons.js';
import { newId } from '../../domain/ids.js';
import type { Method } from '../../domain/method.js';
import { runtimeMismatch, type Runtime } from '../../domain/runtime.js';
import type { StoredTask, TaskOutcome, TaskSpec, TaskState } from '../../domain/task.js';
import { parseImportScope } from './dataset.repository.js';
import { EventRepository } from './event.repository.js';
import { FineTuneJobRepository } from './fine-tune-job.repository.js';
import { Database, type Prepared } from './database.js';
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

/** A task that is being taken from its worker. */
interface TakenTask extends FaultHistory {
  readonly id: string;
  readonly scope: string;
  readonly key: string;
  readonly isWanted: boolean;
}

/** One whose worker has fallen silent. */
interface LostTask extends TakenTask {
  readonly worker: string;
  /** Whether whoever led the scope when the lease was given was still there after the worker was not. */
  readonly hasLeader: boolean;
}

/** A task that waits for the infrastructure, and the fault of ours that it met last. */
export interface TaskOutage {
  readonly scope: string;
  readonly since: Date;
  readonly failure: Failure;
}

/** How often a method could not be trained, or scored, for one reason. */
export interface InfeasibleCount {
  readonly method: Method;
  readonly reason: string;
  readonly count: number;
}

/**
 * Whether anyone still wants the work of a task `t`: its scope has not ended, and is not being cancelled; nor is its trial,
 * which one training that cannot be done decides, and an early end of the search drops.
 *
 * @param scope SQL: the task's scope; where it is a parameter, the first two are asked once, not for each row. The trial is
 *   looked up by its key, never joined: a table of old trials would be read whole.
 */
const isWanted = (scope: string): string => `(EXISTS (SELECT FROM leaderships l WHERE l.scope = ${scope})
  AND NOT EXISTS (SELECT FROM fine_tune_jobs j WHERE j.id = ${scope} AND j.state = 'CANCELLING')
  AND (SELECT r.state IN ('CANCELLED', 'INFEASIBLE') FROM trials r WHERE r.id = t.trial_id) IS NOT TRUE)`;
const IS_WANTED = isWanted('t.scope');

/** Whether a task has to wait until its job is resumed. @param scope SQL, as above. */
const isPaused = (scope: string): string =>
  `EXISTS (SELECT FROM fine_tune_jobs j WHERE j.id = ${scope} AND j.state IN ('PAUSING', 'PAUSED'))`;

const TAKEN = `t.id, t.scope, t.key, t.faults, t.lease_losses AS "leaseLosses", ${IS_WANTED} AS "isWanted",
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

/** The longest outage of a scope, if nothing else of it has gone on for as long: no task has ended, and none is under way. */
const STALLED = `SELECT t.scope, t.outage_since AS since, t.failure FROM tasks t
   WHERE t.scope = $1 AND t.end_time IS NULL AND t.outage_since < now() - $2 * interval '1 second'
     AND NOT EXISTS (SELECT FROM tasks o WHERE o.scope = t.scope
       AND (o.state = 'leased' AND o.outage_since IS NULL OR o.end_time > now() - $2 * interval '1 second'))
   ORDER BY t.outage_since LIMIT 1`;

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

interface LeasedRow {
  readonly id: string;
  readonly fence: string;
  readonly spec: TaskSpec;
  readonly runtime: Runtime | null;
  /** Whether the job's clock stands; null for an import. */
  readonly isFirst: boolean | null;
}

/**
 * Names the task of a lease that is held, by the check `tasks_leased`. Asked for its state, the planner would read the index of
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

/**
 * The queue of tasks in Postgres. Only the database's clock decides leases. Statements that find no row with the
 * given fence change nothing and say so. Safe to use from any number of processes.
 */
@Injectable()
export class TaskRepository {
  constructor(
    private readonly database: Database,
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
    const { rows } = await this.database.prepared<LeasedRow>(LEASE, [scope, owner, leaseSeconds]);
    const [task] = rows;
    if (task === undefined) return undefined;
    // A statement of its own: who cancels a job locks its row before the rows of its tasks.
    if (task.isFirst === true) await this.jobs.noteLease(scope);
    return { id: task.id, fence: Number(task.fence), spec: withRuntime(task.spec, task.runtime) };
  }

  /** The task that `owner` holds already, with the same fence and a whole lease; undefined when there is none. */
  async leaseAgain(scope: string, owner: string, leaseSeconds: number): Promise<LeasedTask | undefined> {
    const [[task]] = await this.database.query<
      [{ id: string; fence: string; spec: TaskSpec; runtime: Runtime | null }[]]
    >(LEASE_AGAIN, [scope, owner, leaseSeconds]);
    return task && { id: task.id, fence: Number(task.fence), spec: withRuntime(task.spec, task.runtime) };
  }

  /** Extends a lease. `leaseLost`: stop at once; `cancel`: nobody wants the result any more, or not now. */
  async heartbeat(lease: LeaseRef, leaseSeconds: number): Promise<{ leaseLost: boolean; cancel: boolean }> {
    const parameters = [lease.taskId, lease.scope, lease.fence, leaseSeconds];
    const [rows] = await this.database.query<[{ cancel: boolean }[]]>(HEARTBEAT, parameters);
    return { leaseLost: rows.length === 0, cancel: rows[0]?.cancel ?? false };
  }

  /** What a lease that is still held works on; undefined when the fence is old. */
  async leased(lease: LeaseRef): Promise<TaskSpec | undefined> {
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

  /** Stores values of a training's curve; a repeat changes nothing. @returns false when the fence is old. */
  async reportMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<boolean> {
    if ((await this.leased(lease)) === undefined) return false;
    await this.noteProgress(lease);
    await this.database.query(
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
   * otherwise is not taken: the task is tried again.
   *
   * @returns false when the fence is old; true also for a repeat of the call that ended it.
   */
  async complete(lease: LeaseRef, outcome: TaskOutcome): Promise<boolean> {
    if ('fault' in outcome) return this.fault(lease, outcome.fault);
    // What the infrastructure did is no verdict, whatever a worker makes of it.
    if ('infeasible' in outcome && !isFinal(outcome.infeasible.reason)) return this.fault(lease, outcome.infeasible);
    try {
      const parameters = [...endParameters(lease, outcome), runtimeOf(outcome)];
      if ((await this.database.prepared(END_AS_FIXED, parameters)).rowCount === 1) return true;
      const hasEnded = await this.database.transaction((transaction) => this.end(transaction, lease, outcome));
      return hasEnded || (await this.endedBy(lease, ['succeeded', 'infeasible']));
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== 'RUNTIME_MISMATCH') throw error;
      return this.fault(lease, failureOf(error));
    }
  }

  /** Gives a task back untouched: the worker was told to go. @returns false when the fence is old. */
  async release({ taskId, scope, fence }: LeaseRef): Promise<boolean> {
    const [, count] = await this.database.query<[unknown[], number]>(RELEASE, [taskId, scope, fence]);
    return count === 1;
  }

  /** Moves what is not being worked on to `cancelled`: of a scope, or of some of its trials. */
  async cancelQueued(manager: Transaction, scope: string, trialIds?: readonly string[]): Promise<void> {
    await manager.query(
      `UPDATE tasks SET state = 'cancelled', end_time = now()
        WHERE scope = $1 AND state = 'queued' AND ($2::text[] IS NULL OR trial_id = ANY ($2))`,
      [scope, trialIds],
    );
  }

  /** Tasks of a scope whose keys start with `prefix`, in key order. */
  async listByKeyPrefix(scope: string, prefix: string): Promise<StoredTask[]> {
    return this.database.entities((manager) =>
      manager
        .createQueryBuilder(TaskEntity, 'task')
        .where('task.scope = :scope AND starts_with(task.key, :prefix)', { scope, prefix })
        .orderBy('task.key')
        .getMany(),
    );
  }

  /** Whether a worker still holds a lease of the scope that has not run out. */
  async hasLeased(scope: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `SELECT 1 FROM tasks WHERE scope = $1 AND state = 'leased' AND lease_until >= now() LIMIT 1`,
      [scope],
    );
    return rows.length > 0;
  }

  /** Tasks of a job that were held against the candidates of its methods, by reason. */
  async infeasibleCounts(job: string): Promise<InfeasibleCount[]> {
    return this.database.query<InfeasibleCount[]>(
      `SELECT r.method, t.failure ->> 'reason' AS reason, count(*)::int AS count
         FROM tasks t JOIN trials r ON r.id = t.trial_id WHERE t.scope = $1 AND t.state = 'infeasible'
        GROUP BY r.method, reason ORDER BY r.method, reason`,
      [job],
    );
  }

  /** What keeps tasks of each scope waiting, the longest first. */
  async outages(scopes: readonly string[]): Promise<TaskOutage[]> {
    return this.database.query<TaskOutage[]>(
      `SELECT DISTINCT ON (scope) scope, outage_since AS since, failure FROM tasks
        WHERE scope = ANY ($1) AND outage_since IS NOT NULL AND end_time IS NULL ORDER BY scope, outage_since`,
      [scopes],
    );
  }

  /** What has kept a scope from all progress for `seconds`; undefined when something of it went on. */
  async stalled(scope: string, seconds: number): Promise<TaskOutage | undefined> {
    const [stalled] = await this.database.query<TaskOutage[]>(STALLED, [scope, seconds]);
    return stalled;
  }

  /** Lets the tasks of a scope be tried at once, as if there had been no outage. */
  async forgetOutages(manager: Transaction, scope: string): Promise<void> {
    await manager.query(
      `UPDATE tasks SET outage_since = NULL, not_before = now() WHERE scope = $1 AND state = 'queued' AND outage_since IS NOT NULL`,
      [scope],
    );
  }

  /**
   * Takes tasks away from workers that have fallen silent, and tells their jobs. Where the leader of the scope has fallen
   * silent with them, it was the leader's end that took them along.
   *
   * @param leaseSeconds Of workers and of leaders.
   * @returns how many.
   */
  async reap(leaseSeconds: number): Promise<number> {
    return this.database.transaction(async (transaction) => {
      const lost = await transaction.query<LostTask[]>(LOST, [leaseSeconds]);
      await this.takeBack(
        transaction,
        lost.map((task) => ({ task, failure: silence(task) })),
      );
      return lost.length;
    });
  }

  /** @throws {DomainError} RUNTIME_MISMATCH, which rolls everything back. */
  private async end(manager: Transaction, lease: LeaseRef, outcome: Ending) {
    const { scope } = lease;
    const [, count] = await manager.query<[unknown[], number]>(END, endParameters(lease, outcome));
    const ran = runtimeOf(outcome);
    if (ran !== undefined) {
      const ofJob = await (count === 1 ? this.jobs.fixRuntime(manager, scope, ran) : this.jobs.runtime(manager, scope));
      const mismatch = ofJob === undefined ? undefined : runtimeMismatch(ran, ofJob);
      if (mismatch !== undefined) throw mismatch;
    }
    return count === 1;
  }

  private async fault(lease: LeaseRef, failure: Failure): Promise<boolean> {
    const { taskId, scope, fence } = lease;
    const isTaken = await this.database.transaction(async (transaction) => {
      const [task] = await transaction.query<TakenTask[]>(HELD, [taskId, scope, fence]);
      if (task !== undefined) await this.takeBack(transaction, [{ task, failure }]);
      return task !== undefined;
    });
    return isTaken || this.endedBy(lease, ['queued', 'infeasible', 'cancelled']);
  }

  /** Does with tasks, whose rows are locked, what the fault policy says, and writes an event for each that a job still wants. */
  private async takeBack(
    transaction: Transaction,
    faults: readonly { readonly task: TakenTask; readonly failure: Failure }[],
  ): Promise<void> {
    const taken = faults.map(({ task, failure }) => ({ task, after: afterFault(task, failure) }));
    const rows = taken.map(({ task: { id, isWanted }, after: { next, ...after } }) => ({
      ...after,
      id,
      state: !isWanted ? 'cancelled' : next === 'TRY_AGAIN' ? 'queued' : 'infeasible',
    }));
    if (rows.length > 0) await transaction.query(TAKE_BACK, [JSON.stringify(rows)]);
    const ofJobs = taken.filter(({ task }) => task.isWanted && parseImportScope(task.scope) === undefined);
    // In one order for all, so that two of these never wait for each other.
    for (const { task, after } of ofJobs.sort((a, b) => (a.task.scope < b.task.scope ? -1 : 1))) {
      const { reason, message } = after.failure;
      const type = after.next === 'TRY_AGAIN' ? 'TASK_REQUEUED' : 'TASK_FAILED';
      await this.events.append(transaction, task.scope, type, { task: task.id, key: task.key, reason, message });
    }
  }

  /** Whether the attempt with this fence is the one that ended like this: then its report is a repeat, not a stale one. */
  private async endedBy({ taskId, scope, fence }: LeaseRef, states: readonly TaskState[]): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `SELECT 1 FROM tasks WHERE id = $1 AND scope = $2 AND fence = $3 AND state = ANY ($4)`,
      [taskId, scope, fence, states],
    );
    return rows.length === 1;
  }
}

type Ending = Exclude<TaskOutcome, { fault: Failure }>;

const endParameters = ({ taskId, scope, fence }: LeaseRef, outcome: Ending): unknown[] => [
  taskId,
  scope,
  fence,
  ...('succeeded' in outcome ? ['succeeded', outcome.succeeded, null] : ['infeasible', null, outcome.infeasible]),
];

/** How a training that has succeeded ran. */
const runtimeOf = (outcome: Ending): Runtime | undefined =>
  'succeeded' in outcome && 'train' in outcome.succeeded ? outcome.succeeded.train.runtime : undefined;

/** Told at the lease, not when the task is made: the first trainings of a job are made before one has fixed it. */
function withRuntime(spec: TaskSpec, runtime: Runtime | null): TaskSpec {
  if (runtime === null || 'import' in spec) return spec;
  return 'train' in spec ? { train: { ...spec.train, runtime } } : { score: { ...spec.score, runtime } };
}

function silence({ worker, hasLeader }: LostTask): Failure {
  const metadata = { worker };
  return hasLeader
    ? { reason: 'LEASE_LOST', message: `Worker ${worker} stopped sending heartbeats.`, metadata }
    : { reason: 'COORDINATOR_LOST', message: `The coordinator was lost, and worker ${worker} with it.`, metadata };
}
