import { status } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { startWorkerGateway, type RunningServer } from '../../src/api/start.js';
import { detailsOf, GrpcCaller } from '../support/grpc-caller.js';
import { coordinatorConfigSchema, readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/observability/logger.js';
import { Database } from '../../src/storage/postgres/database.js';
import { createDataSource } from '../../src/storage/postgres/data-source.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { TasksModule } from '../../src/tasks/tasks.module.js';
import { WorkerTokens } from '../../src/tasks/worker-token.js';
import { ControlClient, type Lease } from '../../src/worker/supervisor/control-client.js';
import { createTestDatabase, type TestDatabase, noTransaction } from '../support/database.js';
import { createTestBucket } from '../support/object-store.js';

const WORKER = 'biotune.v1.WorkerService';
const SECRET = 's'.repeat(32);
/** Shorter than any that the settings allow, so that a test sees it end. */
const LIFE_SECONDS = 8;
const TOLERANCE_SECONDS = 5;
const [OURS, THEIRS] = ['ds_ours/versions/1', 'ds_theirs/versions/1'];
const SPLIT = { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 };

describe('worker tokens, over gRPC and on real rows', () => {
  const logger = createLogger('coordinator', 'silent');
  const tokens = new WorkerTokens(SECRET, LIFE_SECONDS);
  const signal = new AbortController().signal;
  let database: TestDatabase;
  let dataSource: DataSource;
  let server: RunningServer;
  let grpc: GrpcCaller;

  beforeAll(async () => {
    database = await createTestDatabase();
    const { bucket } = await createTestBucket();
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    const config = {
      ...readConfig(coordinatorConfigSchema, {
        DATABASE_URL: database.url,
        S3_ENDPOINT: endpoint,
        S3_ACCESS_KEY: accessKey,
        S3_SECRET_KEY: secretKey,
        S3_BUCKET: bucket,
        WORKER_TOKEN_SECRET: SECRET,
      }),
      COORDINATOR_HTTP_PORT: 0,
      WORKER_GRPC_PORT: 0,
      WORKER_TOKEN_SECONDS: LIFE_SECONDS,
    };
    server = await startWorkerGateway(config, logger, [StorageModule, TasksModule]);
    grpc = new GrpcCaller(server.grpcAddress, 'biotune/v1/worker.proto');
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 }).initialize();
  });

  afterAll(async () => {
    grpc.client.close();
    await server.close();
    await dataSource.destroy();
    await database.drop();
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE tasks, leaderships CASCADE');
    for (const scope of [OURS, THEIRS]) {
      await new LeadershipRepository(new Database(dataSource)).open(noTransaction(dataSource), scope);
      const spec = { import: { prefix: 'p', split: SPLIT } };
      await new TaskRepository(new Database(dataSource)).insert(noTransaction(dataSource), [
        { scope, key: 'import', spec },
      ]);
    }
  });

  const clientOf = (token: string) => new ControlClient({ address: server.grpcAddress, token, logger });
  const leaseOf = async (client: ControlClient): Promise<Lease> => {
    const { task } = await client.leaseTask('w', signal);
    if (task === undefined) throw new Error('there is no task');
    return { task: task.id, fence: task.fence };
  };

  it('are renewed by heartbeats, so that a worker outlives its first one and never notices', async () => {
    const worker = clientOf(tokens.mint(OURS));
    const lease = await leaseOf(worker);
    const over = performance.now() + (LIFE_SECONDS + TOLERANCE_SECONDS + 1) * 1000;
    while (performance.now() < over) {
      expect(await worker.heartbeat(lease, signal, 10_000)).toMatchObject({ leaseLost: false });
      await sleep(200);
    }
    await worker.releaseTask(lease, 'PREEMPTED');
    worker.close();
  });

  it('are renewed by asking for work, too', async () => {
    const worker = clientOf(tokens.mint('ds_idle/versions/1'));
    const over = performance.now() + (LIFE_SECONDS + TOLERANCE_SECONDS + 1) * 1000;
    while (performance.now() < over) {
      expect(await worker.leaseTask('w', signal)).toMatchObject({ done: true });
      await sleep(200);
    }
    worker.close();
  });

  it('end, for a worker that says nothing', async () => {
    const lease = await leaseOf(clientOf(tokens.mint(OURS)));
    const longAgo = Date.now() - (LIFE_SECONDS + TOLERANCE_SECONDS + 1) * 1000;
    const worker = clientOf(new WorkerTokens(SECRET, LIFE_SECONDS, () => longAgo).mint(OURS));
    await expect(worker.heartbeat(lease, signal, 10_000)).rejects.toMatchObject({ reason: 'WORKER_TOKEN_INVALID' });
    worker.close();
  });

  it.each([
    'Heartbeat',
    'GetTransferUrls',
    'ConfirmUpload',
    'ReportMetrics',
    'ReleaseTask',
    'CompleteTask',
    'ListSourceObjects',
  ])(
    'are refused with PERMISSION_DENIED for a task of another scope, and both scopes are logged: %s',
    async (method) => {
      const theirs = clientOf(tokens.mint(THEIRS));
      const lease = await leaseOf(theirs);
      const warn = vi.spyOn(logger, 'warn');
      const request = {
        ...lease,
        ...(method === 'ConfirmUpload' && { artifact: { sha256: 'ab'.repeat(32), sizeBytes: 1 } }),
        ...(method === 'ReleaseTask' && { reason: 'PREEMPTED' }),
        ...(method === 'CompleteTask' && { outcome: { fault: { reason: 'INTERNAL', message: 'x' } } }),
      };
      const foreign = { authorization: `Bearer ${tokens.mint(OURS)}` };
      const refusal = await grpc.refusal(WORKER, method, request, foreign);
      expect(refusal.code).toBe(status.PERMISSION_DENIED);
      expect(detailsOf(refusal)).toMatchObject({ ErrorInfo: { reason: 'WORKER_SCOPE_FOREIGN' } });
      const scopes = { tokenScope: OURS, taskScope: THEIRS, task: lease.task };
      expect(warn).toHaveBeenCalledWith(scopes, expect.anything());
      expect(refusal.details).not.toContain(THEIRS);
      expect(await theirs.heartbeat(lease, signal, 10_000)).toMatchObject({ leaseLost: false });
      theirs.close();
    },
  );

  it('of the right scope with an old fence are told that the lease is lost, no more', async () => {
    const worker = clientOf(tokens.mint(OURS));
    const { task, fence } = await leaseOf(worker);
    const answer = await worker.heartbeat({ task, fence: fence + 1 }, signal, 10_000);
    expect(answer).toMatchObject({ leaseLost: true });
    worker.close();
  });
});
