import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { Database } from '../../src/storage/postgres/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ToxicProxy } from '../support/toxic-proxy.js';

/** What the pool allows: 10 s of silence, and as much again for a machine that is busy. */
const SECONDS_MAX = 20;

describe('a Postgres connection that nothing comes out of', () => {
  let database: TestDatabase;
  let proxy: ToxicProxy;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    proxy = await ToxicProxy.start(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    dataSource = await createDataSource({ DATABASE_URL: url.href, DATABASE_POOL_SIZE: 2 }).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });

  async function secondsUntilRefused(work: Promise<unknown>): Promise<number> {
    const startMs = performance.now();
    await expect(work).rejects.toThrow(/Postgres said nothing|terminated|released/i);
    return (performance.now() - startMs) / 1000;
  }

  it('ends the query that waits on it, and is never used again', async () => {
    await dataSource.query('SELECT 1');
    proxy.set({ isSilent: true });
    expect(await secondsUntilRefused(dataSource.query('SELECT 1'))).toBeLessThan(SECONDS_MAX);
    proxy.set({});
    expect(await dataSource.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
  });

  it('is told as an unavailable database, by a statement and by a transaction', async () => {
    const repositories = new Database(dataSource);
    await repositories.query('SELECT 1');
    proxy.set({ isSilent: true });
    const unavailable = { reason: 'DATABASE_UNAVAILABLE' };
    await Promise.all([
      expect(repositories.query('SELECT 1')).rejects.toMatchObject(unavailable),
      expect(repositories.transaction((work) => work.query('SELECT 1'))).rejects.toMatchObject(unavailable),
    ]);
  });

  it('ends a transaction in the middle, once, and not again for its rollback', async () => {
    const work = dataSource.transaction(async (transaction) => {
      await transaction.query('SELECT 1');
      proxy.set({ isSilent: true });
      await transaction.query('SELECT 2');
    });
    expect(await secondsUntilRefused(work)).toBeLessThan(SECONDS_MAX);
  });

  it('ends a commit', async () => {
    const work = dataSource.transaction(async (transaction) => {
      await transaction.query('SELECT 1');
      proxy.set({ isSilent: true });
    });
    expect(await secondsUntilRefused(work)).toBeLessThan(SECONDS_MAX);
  });

  it('lets nobody wait for a connection that comes free', async () => {
    await Promise.all([dataSource.query('SELECT pg_sleep(0.1)'), dataSource.query('SELECT pg_sleep(0.1)')]);
    proxy.set({ isSilent: true });
    const held = [dataSource.query('SELECT 1'), dataSource.query('SELECT 1')].map(secondsUntilRefused);
    const startMs = performance.now();
    await expect(dataSource.query('SELECT 1')).rejects.toThrow('timeout exceeded when trying to connect');
    expect(performance.now() - startMs).toBeLessThan(SECONDS_MAX * 1000);
    await Promise.all(held);
  });

  it('holds no lock for longer than its silence', async () => {
    await dataSource.query('CREATE TABLE locked AS SELECT 1 AS id');
    const work = dataSource.transaction(async (transaction) => {
      await transaction.query('SELECT * FROM locked FOR UPDATE');
      proxy.set({ isSilent: true });
      await transaction.query('SELECT 1');
    });
    await secondsUntilRefused(work);
    const other = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 }).initialize();
    try {
      expect(await other.query('SELECT id FROM locked FOR UPDATE')).toEqual([{ id: 1 }]);
    } finally {
      await other.destroy();
    }
  });

  it('migrates once, whoever starts at the same time', async () => {
    const other = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 }).initialize();
    try {
      await Promise.all([migrate(dataSource), migrate(other), migrate(dataSource)]);
      const [applied] = await dataSource.query<{ count: number }[]>('SELECT count(*)::int AS count FROM migrations');
      expect(applied).toEqual({ count: dataSource.migrations.length });
    } finally {
      await other.destroy();
    }
  });
});
