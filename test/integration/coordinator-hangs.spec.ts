import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { createTestDatabase, querySql, runSql, type TestDatabase } from '../support/database.js';
import { createTestBucket } from '../support/object-store.js';
import { startRole, type RunningRole } from '../support/process.js';
import { ToxicProxy } from '../support/toxic-proxy.js';

const LEASE_SECONDS = 4;
/** Another coordinator takes over within the lease and 10 s; as much again for a machine that is busy. */
const TAKE_OVER_SECONDS_MAX = 2 * (LEASE_SECONDS + 10);
const SCOPE = 'ds_hang/versions/1';

/** An import whose task somebody else works at, for as long as a test wants. */
const WAITING_IMPORT = `
  INSERT INTO datasets (id, project, display_name) VALUES ('ds_hang', 'test', 'hang');
  INSERT INTO dataset_versions (dataset_id, number, project, source_uri, split)
    VALUES ('ds_hang', 1, 'test', 's3://nowhere/x', '{"trainFraction":0.6,"validationFraction":0.2,"testFraction":0.2}');
  INSERT INTO tasks (id, scope, key, kind, spec, state, lease_owner, lease_until, fence)
    VALUES ('tsk_hang', '${SCOPE}', 'import', 'IMPORT', '{"import":{"prefix":"x","split":{}}}', 'leased', 'w', now() + interval '1 day', 1);
  INSERT INTO leaderships (scope) VALUES ('${SCOPE}')`;

const END_IMPORT = `UPDATE tasks SET state = 'infeasible', lease_owner = NULL, lease_until = NULL, end_time = now(),
  failure = '{"reason":"DATASET_EMPTY","message":"There is nothing.","metadata":{}}'`;

describe('a coordinator whose Postgres connections fall silent', () => {
  let database: TestDatabase;
  let proxy: ToxicProxy;
  let cacheDir: string;
  let bucket: string;
  let running: RunningRole[];

  beforeEach(async () => {
    database = await createTestDatabase();
    bucket = (await createTestBucket()).bucket;
    cacheDir = mkdtempSync(join(tmpdir(), 'biotune-test-cache-'));
    const { hostname, port } = new URL(database.url);
    proxy = await ToxicProxy.start(hostname, Number(port));
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((role) => role.kill()));
    await proxy.close();
    await database.drop();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  async function startCoordinator(databaseUrl: string): Promise<RunningRole> {
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    const [gateway, health] = [await findFreePort(), await findFreePort()];
    const env = {
      DATABASE_URL: databaseUrl,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_BUCKET: bucket,
      WORKER_GRPC_PORT: String(gateway),
      COORDINATOR_HTTP_PORT: String(health),
      WORKER_TOKEN_SECRET: 'a-secret-of-this-test-run-and-no-other',
      WORKER_CACHE_DIR: cacheDir,
      LEASE_SECONDS: String(LEASE_SECONDS),
    };
    const role = await startRole({ role: 'coordinator', env, readyUrl: `http://127.0.0.1:${health}/healthz/ready` });
    running.push(role);
    return role;
  }

  /** The one behind the proxy leads; the other one stands by. */
  async function startTwo(): Promise<RunningRole> {
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const leader = await startCoordinator(url.href);
    await runSql(database.url, WAITING_IMPORT);
    await until(async () => (await leadership()).owner !== null);
    await startCoordinator(database.url);
    return leader;
  }

  async function leadership() {
    const [row] = await querySql<{ owner: string | null; epoch: string }>(
      database.url,
      `SELECT owner, epoch FROM leaderships WHERE scope = '${SCOPE}'`,
    );
    if (row === undefined) throw new Error('the import has ended');
    return row;
  }

  async function versionState(): Promise<string | undefined> {
    return (await querySql<{ state: string }>(database.url, 'SELECT state FROM dataset_versions'))[0]?.state;
  }

  async function until(condition: () => Promise<boolean>, secondsMax = 30): Promise<void> {
    const deadline = performance.now() + secondsMax * 1000;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(running.map((role) => role.logs()).join('\n---\n'));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('is taken over when nothing gets through', async () => {
    await startTwo();
    const before = await leadership();
    proxy.set({ isSilent: true });
    await until(async () => (await leadership()).owner !== before.owner, TAKE_OVER_SECONDS_MAX);
    await runSql(database.url, END_IMPORT);
    await until(async () => (await versionState()) === 'REJECTED');
  });

  it('does not keep a scope that its step hangs on, while its renewals get through', async () => {
    await startTwo();
    proxy.freezeOpen();
    await runSql(database.url, END_IMPORT);
    await until(async () => (await versionState()) === 'REJECTED', TAKE_OVER_SECONDS_MAX);
  });

  it('ends when it is told to', async () => {
    const leader = await startTwo();
    proxy.set({ isSilent: true });
    const startMs = performance.now();
    await leader.kill('SIGTERM');
    expect(performance.now() - startMs).toBeLessThan(60_000);
  });
});
