import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, querySql, runSql, type TestDatabase } from '../support/database.js';
import { createTestBucket } from '../support/object-store.js';
import { startRole, startProcess } from '../support/process.js';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');

describe('node . sweep', () => {
  let database: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    const { bucket } = await createTestBucket();
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    env = {
      DATABASE_URL: database.url,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_BUCKET: bucket,
      LOG_LEVEL: 'silent',
    };
    await (
      await startRole({ role: 'sweep', env })
    ).ended; // makes the schema
    await runSql(
      database.url,
      `INSERT INTO datasets (id, project, display_name) VALUES ('d', 'p', 'd');
       INSERT INTO dataset_versions (dataset_id, number, project, source_uri, split) VALUES ('d', 1, 'p', 's3://b/p', '{}');
       INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version) VALUES ('j', 'p', 'd', 1, '{}', 1);
       INSERT INTO idempotency_keys VALUES ('p', 'old', '', 'j', now() - interval '25 hours'), ('p', 'new', '', 'j', now())`,
    );
  });

  afterAll(async () => {
    await database.drop();
  });

  const keys = async () =>
    (await querySql<{ key: string }>(database.url, 'SELECT key FROM idempotency_keys')).map(({ key }) => key);
  const sweep = async (...args: string[]) => {
    const running = startProcess([MAIN, 'sweep', ...args], env);
    return { ...(await running.ended), lines: running.logs().trim().split('\n') };
  };

  it('prints what would go as lines of JSON, and deletes nothing, with --dry-run', async () => {
    const { code, lines } = await sweep('--dry-run');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { kind: 'IDEMPOTENCY_KEYS', count: 1, isDryRun: true },
      { kind: 'TOTAL', IDEMPOTENCY_KEYS: 1, sizeBytes: 0, isDryRun: true },
    ]);
    expect(code).toBe(0);
    expect((await keys()).sort()).toEqual(['new', 'old']);
  });

  it('deletes what has served its time', async () => {
    expect(await sweep()).toMatchObject({ code: 0 });
    expect(await keys()).toEqual(['new']);
  });

  it('refuses arguments that it does not know, and sweeps nothing', async () => {
    expect(await sweep('--dryrun')).toMatchObject({ code: 2, lines: ['usage: node . sweep [--dry-run]'] });
  });
});
