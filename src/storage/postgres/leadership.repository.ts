import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import type { Transaction } from './transaction.js';

/** The right to drive a scope; `epoch` is its fence. */
export interface Leadership {
  readonly scope: string;
  readonly epoch: number;
}

/** A coordinator that can lead. */
export interface Claimant {
  /** Unlike any other coordinator's. */
  readonly owner: string;
  /** Version of the search that it has. */
  readonly algorithmVersion: number;
}

/** Thrown inside a fenced transaction when another coordinator has taken over; everything in it is rolled back. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/**
 * Who drives each job and each import. A row is made with the job and deleted, in the same transaction, when it ends:
 * a scope without a row has ended.
 */
@Injectable()
export class LeadershipRepository {
  constructor(private readonly database: Database) {}

  /** @param algorithmVersion Only coordinators that have this version of the search may lead the scope. */
  async open(manager: Transaction, scope: string, algorithmVersion?: number): Promise<void> {
    await manager.query('INSERT INTO leaderships (scope, algorithm_version) VALUES ($1, $2)', [
      scope,
      algorithmVersion,
    ]);
  }

  async close(manager: Transaction, scope: string): Promise<void> {
    await manager.query('DELETE FROM leaderships WHERE scope = $1', [scope]);
    await manager.query('DELETE FROM task_ends WHERE scope = $1', [scope]);
  }

  async isOpen(scope: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>('SELECT 1 FROM leaderships WHERE scope = $1', [scope]);
    return rows.length === 1;
  }

  /**
   * Takes over scopes that nobody drives and that `claimant` can drive, so many of each kind at the most.
   *
   * @param except Scopes that are left to others.
   */
  async claim(
    claimant: Claimant,
    { jobCount, importCount }: { readonly jobCount: number; readonly importCount: number },
    leaseSeconds: number,
    except: readonly string[] = [],
  ): Promise<Leadership[]> {
    const [rows] = await this.database.query<[{ scope: string; epoch: string }[]]>(
      `WITH jobs AS MATERIALIZED (
         SELECT scope FROM leaderships WHERE lease_until <= now() AND algorithm_version = $4 AND scope <> ALL ($6)
         ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED),
       imports AS MATERIALIZED (
         SELECT scope FROM leaderships WHERE lease_until <= now() AND algorithm_version IS NULL AND scope <> ALL ($6)
         ORDER BY lease_until LIMIT $5 FOR UPDATE SKIP LOCKED),
       free AS (SELECT scope FROM jobs UNION ALL SELECT scope FROM imports)
       UPDATE leaderships l SET owner = $1, epoch = epoch + 1, lease_until = now() + $3 * interval '1 second'
         FROM free WHERE l.scope = free.scope RETURNING l.scope, l.epoch`,
      [claimant.owner, jobCount, leaseSeconds, claimant.algorithmVersion, importCount, except],
    );
    return rows.map(({ scope, epoch }) => ({ scope, epoch: Number(epoch) }));
  }

  /** @returns false when another coordinator has taken over, or the scope has ended. */
  async renew({ scope, epoch }: Leadership, leaseSeconds: number): Promise<boolean> {
    const [, count] = await this.database.query<[unknown[], number]>(
      `UPDATE leaderships SET lease_until = now() + $3 * interval '1 second' WHERE scope = $1 AND epoch = $2`,
      [scope, epoch, leaseSeconds],
    );
    return count === 1;
  }

  /** Within `fenced`: nobody leads the scope until it is woken, although it has not ended. */
  async park(manager: Transaction, scope: string): Promise<void> {
    await manager.query(
      `UPDATE leaderships SET epoch = epoch + 1, owner = NULL, lease_until = 'infinity' WHERE scope = $1`,
      [scope],
    );
  }

  /**
   * Lets a coordinator lead a parked scope again. To be called before the job's row is locked, in the order of `fenced`:
   * a coordinator that is about to park the scope then sees what becomes of the job.
   */
  async wake(manager: Transaction, scope: string): Promise<void> {
    await manager.query(
      `UPDATE leaderships SET lease_until = CASE WHEN lease_until = 'infinity' THEN now() ELSE lease_until END
        WHERE scope = $1`,
      [scope],
    );
  }

  /** Whether no other coordinator has taken over, and the scope has not ended; the lease may have. */
  async isHeld({ scope, epoch }: Leadership): Promise<boolean> {
    const sql = 'SELECT 1 FROM leaderships WHERE scope = $1 AND epoch = $2';
    return (await this.database.query<unknown[]>(sql, [scope, epoch])).length === 1;
  }

  /** Lets another coordinator take over at once. */
  async giveBack({ scope, epoch }: Leadership): Promise<void> {
    await this.database.query('UPDATE leaderships SET lease_until = now() WHERE scope = $1 AND epoch = $2', [
      scope,
      epoch,
    ]);
  }

  /**
   * Runs `work` in one transaction that holds the leadership: a coordinator that was taken over changes nothing.
   *
   * @throws {LeadershipLostError}
   */
  async fenced<T>({ scope, epoch }: Leadership, work: (manager: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(async (manager) => {
      const held = await manager.query<unknown[]>(
        'SELECT 1 FROM leaderships WHERE scope = $1 AND epoch = $2 FOR UPDATE',
        [scope, epoch],
      );
      if (held.length === 0) throw new LeadershipLostError(`${scope} is driven by another coordinator`);
      return work(manager);
    });
  }
}
