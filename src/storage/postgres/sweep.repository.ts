import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { REFERENCED_BLOBS } from './blob-references.js';
import type { Transaction } from './transaction.js';

/** The right to be the one that sweeps; `epoch` is its fence. */
export interface SweepTurn {
  readonly epoch: number;
}

/** Kinds of rows that are swept, each with what it goes by. */
export const SWEPT_ROWS = [
  'IDEMPOTENCY_KEYS',
  'METRICS_OF_LOST_LEASES',
  'METRICS_OF_ENDED_JOBS',
  'BLOB_CLAIMS',
] as const;
export type SweptRows = (typeof SWEPT_ROWS)[number];

/** Rows of one statement: it ends well before the time limit of statements. */
const ROW_COUNT_MAX = 10_000;

interface RowSweep {
  readonly table: string;
  /** SQL over the table as `r`; `$1` is an age in seconds, where the rows go by age. */
  readonly where: string;
}

const ROW_SWEEPS: Readonly<Record<SweptRows, RowSweep>> = {
  IDEMPOTENCY_KEYS: { table: 'idempotency_keys', where: `r.create_time < now() - $1 * interval '1 second'` },
  // Readers use the fence of the lease that completed, which is the task's last.
  METRICS_OF_LOST_LEASES: {
    table: 'metric_points',
    where: `EXISTS (SELECT FROM tasks t WHERE t.id = r.task_id AND r.fence < t.fence)`,
  },
  METRICS_OF_ENDED_JOBS: {
    table: 'metric_points',
    where: `EXISTS (SELECT FROM tasks t JOIN fine_tune_jobs j ON j.id = t.scope
             WHERE t.id = r.task_id AND j.end_time < now() - $1 * interval '1 second')`,
  },
  BLOB_CLAIMS: { table: 'blob_claims', where: `r.claim_time < now() - $1 * interval '1 second'` },
};

const deletion = ({ table, where }: RowSweep): string =>
  `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM ${table} r WHERE ${where} LIMIT ${ROW_COUNT_MAX} FOR UPDATE SKIP LOCKED))`;
const count = ({ table, where }: RowSweep): string => `SELECT count(*)::int AS count FROM ${table} r WHERE ${where}`;

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

const STILL_REFERENCED = `SELECT sha256 FROM (${REFERENCED_BLOBS}) AS named WHERE sha256 = ANY ($2::text[])`;

/** The rows of a sweep: whose turn it is, which blobs are named, and rows that have served their time. */
@Injectable()
export class SweepRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The time that many seconds ago on the database's clock, by which all ages are told. */
  async before(ageSeconds: number): Promise<Date> {
    const [row] = await this.dataSource.query<{ time: Date }[]>(`SELECT now() - $1 * interval '1 second' AS time`, [
      ageSeconds,
    ]);
    if (row === undefined) throw new Error('the database does not tell the time');
    return row.time;
  }

  /** Who this database is; the same for as long as it exists. */
  async databaseId(): Promise<string> {
    await this.dataSource.query(
      `INSERT INTO sweep_state (database_id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING`,
    );
    const [row] = await this.dataSource.query<{ database_id: string }[]>('SELECT database_id FROM sweep_state');
    if (row === undefined) throw new Error('sweep_state lost its row');
    return row.database_id;
  }

  /** @returns undefined when no sweep is due, or another coordinator sweeps. */
  async takeTurn(leaseSeconds: number): Promise<SweepTurn | undefined> {
    const rows = await this.dataSource.query<{ epoch: string }[]>(TAKE_TURN, [leaseSeconds]);
    return rows[0] === undefined ? undefined : { epoch: Number(rows[0].epoch) };
  }

  /** The turn lasts, or after its end the next is due, `seconds` from now. @returns false when another has taken over. */
  async pushDueTime({ epoch }: SweepTurn, seconds: number): Promise<boolean> {
    const [, pushed] = await this.dataSource.query<[unknown[], number]>(
      `UPDATE sweep_state SET due_time = now() + $2 * interval '1 second' WHERE epoch = $1`,
      [epoch, seconds],
    );
    return pushed === 1;
  }

  /** Every blob that a row names, or a job needs that ended less than `ageSeconds` ago. */
  async referencedBlobs(ageSeconds: number): Promise<ReadonlySet<string>> {
    return this.dataSource.transaction(async (transaction) => {
      await allowLongStatements(transaction);
      const rows = await transaction.query<{ sha256: string }[]>(REFERENCED_BLOBS, [ageSeconds]);
      return new Set(rows.map(({ sha256 }) => sha256));
    });
  }

  /** Those of `names` that a writer has claimed within `ageSeconds`. */
  async claimedBlobs(names: readonly string[], ageSeconds: number): Promise<ReadonlySet<string>> {
    const rows = await this.dataSource.query<{ sha256: string }[]>(
      `SELECT sha256 FROM blob_claims WHERE sha256 = ANY ($1) AND claim_time >= now() - $2 * interval '1 second'`,
      [names, ageSeconds],
    );
    return new Set(rows.map(({ sha256 }) => sha256));
  }

  /**
   * Calls `remove` with those of `names` that nobody claims and no row names; while it runs, no writer can begin to rely
   * on them.
   *
   * @returns what was removed.
   */
  async removeUnreferenced(
    names: readonly string[],
    ageSeconds: number,
    remove: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]> {
    return this.dataSource.transaction(async (transaction) => {
      await allowLongStatements(transaction);
      const locked = await transaction.query<{ sha256: string }[]>(LOCK_CLAIMS, [[...names].sort(), ageSeconds]);
      const unclaimed = locked.map(({ sha256 }) => sha256);
      // A statement of its own, after the locks: it sees the rows of every writer whose claim was waited for.
      const named = await transaction.query<{ sha256: string }[]>(STILL_REFERENCED, [ageSeconds, unclaimed]);
      const kept = new Set(named.map(({ sha256 }) => sha256));
      const doomed = unclaimed.filter((sha256) => !kept.has(sha256));
      if (doomed.length > 0) await remove(doomed);
      await transaction.query(`DELETE FROM blob_claims WHERE sha256 = ANY ($1) AND claim_time = '-infinity'`, [
        unclaimed,
      ]);
      return doomed;
    });
  }

  /**
   * Counts the rows of a kind whose time is over.
   *
   * @param ageSeconds For a kind that goes by age.
   */
  async countRows(kind: SweptRows, ageSeconds?: number): Promise<number> {
    const rows = await this.dataSource.query<{ count: number }[]>(count(ROW_SWEEPS[kind]), parameters(ageSeconds));
    return rows[0]?.count ?? 0;
  }

  /** Deletes what `countRows` counts, a part in each statement. @returns how many there were. */
  async deleteRows(kind: SweptRows, ageSeconds?: number): Promise<number> {
    const statement = deletion(ROW_SWEEPS[kind]);
    for (let deletedCount = 0; ;) {
      const [, count] = await this.dataSource.query<[unknown[], number]>(statement, parameters(ageSeconds));
      deletedCount += count;
      if (count < ROW_COUNT_MAX) return deletedCount;
    }
  }
}

const parameters = (ageSeconds: number | undefined): number[] => (ageSeconds === undefined ? [] : [ageSeconds]);

/** Every task's spec and result is read: with millions of them that takes longer than statements may. */
async function allowLongStatements(transaction: Transaction): Promise<void> {
  await transaction.query(`SET LOCAL statement_timeout = '10min'`);
}
