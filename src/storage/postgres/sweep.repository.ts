import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import { BLOB_REFERENCES, NAMED_SINCE, namedOnPage } from './blob-references.js';

/** The right to be the one that sweeps; `epoch` is its fence. */
export interface SweepTurn {
  readonly epoch: number;
}

/** How long a transaction may be under way before the row that it wrote can be seen, with room to spare. */
const COMMIT_MS_MAX = 10 * 60 * 1000;

/** Kinds of rows that are swept. */
export const SWEPT_ROWS = [
  'IDEMPOTENCY_KEYS',
  'METRICS_OF_LOST_LEASES',
  'METRICS_OF_ENDED_JOBS',
  'BLOB_CLAIMS',
] as const;
export type SweptRows = (typeof SWEPT_ROWS)[number];
/** Rows that are swept by a time of their own. */
export type AgedRows = 'IDEMPOTENCY_KEYS' | 'BLOB_CLAIMS';
/** Rows that are swept by the state of their task. */
export type MetricRows = 'METRICS_OF_LOST_LEASES' | 'METRICS_OF_ENDED_JOBS';

/** SQL over the rows as `r`; `$1` is an age in seconds. */
const AGED_ROWS: Readonly<Record<AgedRows, string>> = {
  IDEMPOTENCY_KEYS: `idempotency_keys r WHERE r.create_time < now() - $1 * interval '1 second'`,
  BLOB_CLAIMS: `blob_claims r WHERE r.claim_time < now() - $1 * interval '1 second'`,
};

/** SQL over values as `r` and their tasks as `t`; `$3` is an age in seconds. */
const METRICS: Readonly<Record<MetricRows, string>> = {
  // Readers use the fence of the lease that completed, which is the task's last.
  METRICS_OF_LOST_LEASES: 'r.fence < t.fence AND $3::float8 >= 0',
  METRICS_OF_ENDED_JOBS: `EXISTS (SELECT FROM fine_tune_jobs j
    WHERE j.id = t.scope AND j.end_time < now() - $3 * interval '1 second')`,
};

/** Tasks of one statement: with the values of their trainings it ends well before the time limit of statements. */
const TASK_COUNT = 50;

const LAST_TASK = `SELECT max(id) AS id FROM (SELECT id FROM tasks WHERE id > $1 ORDER BY id LIMIT ${TASK_COUNT}) AS page`;
const ofTasks = (kind: MetricRows): string =>
  `tasks t WHERE t.id > $1 AND t.id <= $2 AND r.task_id = t.id AND ${METRICS[kind]}`;

/** Takes over when the last sweep's time has passed. The row is made by whoever comes first. */
const TAKE_TURN = `INSERT INTO sweep_state AS s (database_id, epoch, due_time) VALUES (gen_random_uuid(), 1, now() + $1 * interval '1 second')
  ON CONFLICT (single) DO UPDATE SET epoch = s.epoch + 1, due_time = excluded.due_time WHERE s.due_time <= now()
  RETURNING epoch`;

/**
 * Locks the claims of blobs that may go, making them where there are none: a writer's claim waits until this ends. Blobs
 * with a younger claim are left out, and claims that a writer is just making are waited for.
 */
const LOCK_CLAIMS = `INSERT INTO blob_claims AS c (sha256, claim_time) SELECT unnest($1::text[]), '-infinity'
  ON CONFLICT (sha256) DO UPDATE SET claim_time = c.claim_time WHERE c.claim_time < now() - $2 * interval '1 second'
  RETURNING sha256`;

/** The rows of a sweep: whose turn it is, which blobs are named, and rows that have served their time. */
@Injectable()
export class SweepRepository {
  constructor(private readonly database: Database) {}

  /** The time that many seconds ago on the database's clock, by which all ages are measured. */
  async before(ageSeconds: number): Promise<Date> {
    const [row] = await this.database.query<{ time: Date }[]>(`SELECT now() - $1 * interval '1 second' AS time`, [
      ageSeconds,
    ]);
    if (row === undefined) throw new Error('the database gave no time');
    return row.time;
  }

  /** Who this database is; the same for as long as it exists. */
  async databaseId(): Promise<string> {
    await this.database.query(
      `INSERT INTO sweep_state (database_id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING`,
    );
    const [row] = await this.database.query<{ database_id: string }[]>('SELECT database_id FROM sweep_state');
    if (row === undefined) throw new Error('sweep_state lost its row');
    return row.database_id;
  }

  /** @returns undefined when no sweep is due, or another coordinator sweeps. */
  async takeTurn(leaseSeconds: number): Promise<SweepTurn | undefined> {
    const rows = await this.database.query<{ epoch: string }[]>(TAKE_TURN, [leaseSeconds]);
    return rows[0] === undefined ? undefined : { epoch: Number(rows[0].epoch) };
  }

  /** The turn lasts, or after its end the next is due, `seconds` from now. @returns false when another has taken over. */
  async pushDueTime({ epoch }: SweepTurn, seconds: number): Promise<boolean> {
    const [, pushed] = await this.database.query<[unknown[], number]>(
      `UPDATE sweep_state SET due_time = now() + $2 * interval '1 second' WHERE epoch = $1`,
      [epoch, seconds],
    );
    return pushed === 1;
  }

  /** Every blob that a row names, or a job needs that ended less than `ageSeconds` ago; rows that change meanwhile may be missed. */
  async referencedBlobs(ageSeconds: number): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const reference of BLOB_REFERENCES) {
      const statement = namedOnPage(reference);
      for (let lastKey: string | null = ''; lastKey !== null;) {
        const parameters: unknown[] = reference.where === undefined ? [lastKey] : [lastKey, ageSeconds];
        const [page] = await this.database.query<{ lastKey: string | null; names: string[] }[]>(statement, parameters);
        for (const sha256 of page?.names ?? []) found.add(sha256);
        lastKey = page?.lastKey ?? null;
      }
    }
    return found;
  }

  /** The blobs among `names` that a writer has claimed within `ageSeconds`. */
  async claimedBlobs(names: readonly string[], ageSeconds: number): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ sha256: string }[]>(
      `SELECT sha256 FROM blob_claims WHERE sha256 = ANY ($1) AND claim_time >= now() - $2 * interval '1 second'`,
      [names, ageSeconds],
    );
    return new Set(rows.map(({ sha256 }) => sha256));
  }

  /**
   * Calls `remove` with those of `names` that nobody claims and no row has come to name; while it runs, no writer can begin
   * to rely on them.
   *
   * @param seenAt When the last look at all rows began: what a row named then is not among `names`.
   * @returns what was removed.
   */
  async removeUnreferenced(
    names: readonly string[],
    { ageSeconds, seenAt }: { readonly ageSeconds: number; readonly seenAt: Date },
    remove: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]> {
    return this.database.transaction(async (transaction) => {
      const locked = await transaction.query<{ sha256: string }[]>(LOCK_CLAIMS, [[...names].sort(), ageSeconds]);
      const unclaimed = locked.map(({ sha256 }) => sha256);
      // A statement of its own, after the locks: it sees the rows of every writer whose claim was waited for.
      const since = new Date(seenAt.getTime() - COMMIT_MS_MAX);
      const named = await transaction.query<{ sha256: string }[]>(NAMED_SINCE, [since, unclaimed]);
      const kept = new Set(named.map(({ sha256 }) => sha256));
      const doomed = unclaimed.filter((sha256) => !kept.has(sha256));
      if (doomed.length > 0) await remove(doomed);
      await transaction.query(`DELETE FROM blob_claims WHERE sha256 = ANY ($1) AND claim_time = '-infinity'`, [
        unclaimed,
      ]);
      return doomed;
    });
  }

  /** Deletes rows of a kind that are older. @param isDryRun Counts them and deletes none. @returns how many. */
  async sweepAged(kind: AgedRows, ageSeconds: number, isDryRun: boolean): Promise<number> {
    const rows = AGED_ROWS[kind];
    return this.countOrDelete(isDryRun, `SELECT count(*)::int AS count FROM ${rows}`, `DELETE FROM ${rows}`, [
      ageSeconds,
    ]);
  }

  /** Deletes values of curves, those of a few tasks at a time. @param isDryRun Counts them and deletes none. @returns how many. */
  async sweepMetrics(kind: MetricRows, ageSeconds: number, isDryRun: boolean): Promise<number> {
    const rows = ofTasks(kind);
    const counting = `SELECT count(*)::int AS count FROM metric_points r, ${rows}`;
    const deletion = `DELETE FROM metric_points r USING ${rows}`;
    let sum = 0;
    for (let after = ''; ;) {
      const [last] = await this.database.query<{ id: string | null }[]>(LAST_TASK, [after]);
      if (last === undefined || last.id === null) return sum;
      sum += await this.countOrDelete(isDryRun, counting, deletion, [after, last.id, ageSeconds]);
      after = last.id;
    }
  }

  private async countOrDelete(isDryRun: boolean, counting: string, deletion: string, parameters: unknown[]) {
    if (isDryRun) return (await this.database.query<{ count: number }[]>(counting, parameters))[0]?.count ?? 0;
    const [, count] = await this.database.query<[unknown[], number]>(deletion, parameters);
    return count;
  }
}
