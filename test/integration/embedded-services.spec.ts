import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase, runSql } from '../support/database.js';
import { createTestBucket } from '../support/object-store.js';

describe('services of the test run', () => {
  it('give each spec a database of its own, copied from a template, and drop it under open sessions', async () => {
    const template = await createTestDatabase();
    await runSql(template.url, 'CREATE TABLE migrated AS SELECT 1 AS one');
    const copy = await createTestDatabase(new URL(template.url).pathname.slice(1));
    const session = new pg.Client({ connectionString: copy.url });
    session.on('error', () => undefined);
    await session.connect();
    expect((await session.query('SELECT one FROM migrated')).rows).toEqual([{ one: 1 }]);

    await copy.drop();
    await expect(runSql(copy.url, 'SELECT 1')).rejects.toThrow('does not exist');
    await template.drop();
  });

  it('give each spec an empty bucket of its own', async () => {
    const { client, bucket } = await createTestBucket();
    expect(await client.listObjectsV2(bucket).toArray()).toEqual([]);
    await client.putObject(bucket, 'a/b', Buffer.from('x'));
    const other = await createTestBucket();
    expect(await other.client.listObjectsV2(other.bucket, '', true).toArray()).toEqual([]);
  });
});
