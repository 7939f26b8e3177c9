import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { EventRepository } from '../../src/storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../src/storage/postgres/fine-tune-job.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';

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
export function taskRepository(dataSource: DataSource): TaskRepository {
  const events = new EventRepository(dataSource);
  return new TaskRepository(dataSource, events, new FineTuneJobRepository(dataSource, events));
}

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
