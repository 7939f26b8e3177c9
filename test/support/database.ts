import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { Database } from '../../src/storage/postgres/database.js';
import { EventRepository } from '../../src/storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../src/storage/postgres/fine-tune-job.repository.js';
import { LeaseRepository } from '../../src/storage/postgres/lease.repository.js';
import type { Transaction } from '../../src/storage/postgres/transaction.js';
import { Transactions } from '../../src/storage/postgres/transactions.js';
import { TaskQueue } from '../../src/tasks/task-queue.js';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Makes a database for one spec file.
 *
 * @param template Name of the database to copy, e.g. one that is migrated already; nobody may be connected to it.
 */
export async function createTestDatabase(template = 'template1'): Promise<TestDatabase> {
  const { postgresUrl } = inject('services');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await runSql(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    // FORCE ends the sessions of processes that a test has killed.
    drop: () => runSql(postgresUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** The queue, with the repositories that it writes through. */
export function taskQueue(dataSource: DataSource): TaskQueue {
  const database = new Database(dataSource);
  const events = new EventRepository(database);
  const jobs = new FineTuneJobRepository(database, events);
  return new TaskQueue(new LeaseRepository(database), jobs, events, new Transactions(database));
}

/** Lets repositories write without a transaction: each of their statements is one of its own. */
export const noTransaction = (dataSource: DataSource): Transaction => dataSource.manager as Transaction;

/** Runs one statement on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<void> {
  await querySql(url, sql);
}

/** Runs one statement on a connection of its own, and gives its rows. */
export async function querySql<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
