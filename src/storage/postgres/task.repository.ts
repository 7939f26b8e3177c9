import type { InfeasibleCount } from '../../domain/job/trial.js';
import { Injectable } from '@nestjs/common';
import type { Failure } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { type StoredTask, taskKind, type TaskSpec } from '../../domain/task.js';
import { Database } from './database.js';
import { TaskEntity } from './entities/task.entities.js';
import type { Transaction } from './transaction.js';

/** Work to be leased. `key` names it within its scope: inserting it again changes nothing. */
export interface NewTask {
  readonly scope: string;
  readonly key: string;
  readonly spec: TaskSpec;
  readonly trialId?: string;
  readonly seed?: number;
}

/** A task that waits for the infrastructure, and the fault of ours that it met last. */
export interface TaskOutage {
  readonly scope: string;
  readonly since: Date;
  readonly failure: Failure;
}

/** The longest outage of a scope, if nothing else of it has gone on for as long: no task has ended, and none is under way. */
const STALLED = `SELECT t.scope, t.outage_since AS since, t.failure FROM tasks t
   WHERE t.scope = $1 AND t.end_time IS NULL AND t.outage_since < now() - $2 * interval '1 second'
     AND NOT EXISTS (SELECT FROM tasks o WHERE o.scope = t.scope
       AND (o.state = 'leased' AND o.outage_since IS NULL OR o.end_time > now() - $2 * interval '1 second'))
   ORDER BY t.outage_since LIMIT 1`;

/** The tasks of scopes, as those see them who make them and wait for them; what workers do to them is `LeaseRepository`'s. */
@Injectable()
export class TaskRepository {
  constructor(private readonly database: Database) {}

  /** Inserts within the caller's transaction; tasks that exist already are left as they are. */
  async insert(transaction: Transaction, tasks: readonly NewTask[]): Promise<void> {
    const rows = tasks.map(({ scope, key, spec, trialId, seed }) => ({
      id: newId('tsk'),
      scope,
      key,
      kind: taskKind(spec),
      spec,
      trialId,
      seed,
    }));
    await transaction.query(
      `INSERT INTO tasks (id, scope, key, kind, spec, trial_id, seed)
       SELECT id, scope, key, kind, spec, "trialId", seed
         FROM jsonb_to_recordset($1::jsonb) AS r (id text, scope text, key text, kind text, spec jsonb, "trialId" text, seed bigint)
       ON CONFLICT (scope, key) DO NOTHING`,
      [JSON.stringify(rows)],
    );
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
}
