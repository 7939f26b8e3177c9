import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { Database } from '../../src/storage/postgres/database.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { LeadershipLostError, LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { createTestDatabase, type TestDatabase, noTransaction } from '../support/database.js';

const FIRST = { owner: 'first', algorithmVersion: 1 };
const ANY = { jobCount: 10, importCount: 10 };
const SECOND = { owner: 'second', algorithmVersion: 1 };

describe('leaderships', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let leaderships: LeadershipRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 6 }).initialize();
    await migrate(dataSource);
    leaderships = new LeadershipRepository(new Database(dataSource));
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE leaderships');
    await leaderships.open(noTransaction(dataSource), 'a', 1);
  });

  const expire = () => dataSource.query(`UPDATE leaderships SET lease_until = now() - interval '1 second'`);
  const claimOne = async (claimant = FIRST) => {
    const [leadership] = await leaderships.claim(claimant, ANY, 30);
    if (leadership === undefined) throw new Error('nothing to claim');
    return leadership;
  };

  it('gives a scope to one of two coordinators that ask at once', async () => {
    const claims = await Promise.all([leaderships.claim(FIRST, ANY, 30), leaderships.claim(SECOND, ANY, 30)]);
    expect(claims.flat()).toHaveLength(1);
  });

  it('lets nobody else in until the lease ends or is given back', async () => {
    const leadership = await claimOne();
    expect(await leaderships.claim(SECOND, ANY, 30)).toEqual([]);
    await leaderships.giveBack(leadership);
    expect((await claimOne(SECOND)).epoch).toBe(leadership.epoch + 1);
  });

  it('rolls back all that a coordinator does after it was taken over', async () => {
    const stale = await claimOne();
    await expire();
    const current = await claimOne(SECOND);
    const insert = (scope: string) => (transaction: Parameters<typeof leaderships.open>[0]) =>
      leaderships.open(transaction, scope);
    await expect(leaderships.fenced(stale, insert('b'))).rejects.toThrow(LeadershipLostError);
    await leaderships.fenced(current, insert('c'));
    expect([await leaderships.isOpen('b'), await leaderships.isOpen('c')]).toEqual([false, true]);
    expect(await leaderships.renew(stale, 30)).toBe(false);
  });

  it('leaves a search to coordinators that have its version, and anyone may lead an import', async () => {
    await leaderships.open(noTransaction(dataSource), 'ds_x/versions/1');
    const newer = await leaderships.claim({ owner: 'newer', algorithmVersion: 2 }, ANY, 30);
    expect(newer.map(({ scope }) => scope)).toEqual(['ds_x/versions/1']);
    expect((await claimOne()).scope).toBe('a');
  });
});
