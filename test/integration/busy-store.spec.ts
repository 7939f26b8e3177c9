import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { DataSource } from 'typeorm';
import type { Artifact } from '../../src/domain/artifact.js';
import type { ImportResult, TaskOutcome } from '../../src/domain/task.js';
import { createLogger } from '../../src/observability/logger.js';
import { Database } from '../../src/storage/postgres/database.js';
import { BlobClaimRepository } from '../../src/storage/postgres/blob-claim.repository.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { DatasetRepository, importScope } from '../../src/storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import type { LeaseRef } from '../../src/storage/postgres/lease.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue } from '../../src/tasks/task-queue.js';
import { uploadKey } from '../../src/storage/object-keys.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { SourceBuckets } from '../../src/storage/source-buckets.js';
import { WorkerTaskService } from '../../src/tasks/worker-task.service.js';
import { BusyStore, type Busyness } from '../support/busy-store.js';
import { createTestDatabase, taskQueue, type TestDatabase, noTransaction } from '../support/database.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';

const BUSY: readonly Busyness[] = ['SLOW_DOWN', 'BARE_503', 'BAD_GATEWAY', 'INTERNAL_ERROR'];
const BYTES = Buffer.from('pixels');
const ARTIFACT: Artifact = { sha256: createHash('sha256').update(BYTES).digest('hex'), sizeBytes: BYTES.length };
const SPLIT = { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 };

describe('a store that is too busy for the coordinator', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let front: BusyStore;
  let store: TestBucket;
  let objects: ObjectStore;
  let sources: SourceBuckets;
  let tasks: TaskQueue;
  let service: WorkerTaskService;

  beforeAll(async () => {
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    front = new BusyStore(endpoint);
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 4 }).initialize();
    await migrate(dataSource);
    store = await createTestBucket();
    const config = {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: 4,
      S3_ENDPOINT: await front.start(),
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: store.bucket,
    };
    objects = new ObjectStore(config);
    sources = new SourceBuckets(config);
    tasks = taskQueue(dataSource);
    const leaderships = new LeadershipRepository(new Database(dataSource));
    const datasets = new DatasetRepository(new Database(dataSource));
    const claims = new BlobClaimRepository(new Database(dataSource));
    const bounds = { LEASE_SECONDS: 30, UPLOAD_PACK_MIB_MAX: 1, UPLOAD_WEIGHTS_MIB_MAX: 1, UPLOAD_REPORT_MIB_MAX: 1 };
    const logger = createLogger('coordinator', 'silent');
    service = new WorkerTaskService(tasks, leaderships, datasets, objects, sources, claims, bounds, logger);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
    front.stop();
  });

  beforeEach(() => {
    front.busyness = undefined;
  });

  it.each(BUSY)('says STORAGE_UNAVAILABLE whatever is asked of it, as %s', async (busyness) => {
    front.busyness = busyness;
    const calls = [
      () => objects.ping(),
      () => objects.put('k', BYTES, 'text/plain'),
      () => objects.hasBlob(ARTIFACT),
      () => objects.verifyBlob(ARTIFACT),
      () => objects.copyBlob(ARTIFACT, 'copy'),
      () => sources.listPage(store.bucket, ''),
      () => sources.glance(store.bucket, ''),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
  });

  describe('while a worker hands in its work', () => {
    let scope: string;
    let lease: LeaseRef;
    const succeeded: TaskOutcome = {
      succeeded: {
        import: {
          manifest: ARTIFACT,
          shards: [{ ...ARTIFACT, split: 'train', imageCount: 1 }],
          classes: [0, 1].map((index) => ({
            label: `c${index}`,
            index,
            imageCount: { train: 1, validation: 1, test: 1 },
          })),
          imageCount: 1,
          sizeBytes: 6,
          issues: [],
        } satisfies ImportResult,
      },
    };

    const leased = async (sourceUri: string) => {
      const datasets = new DatasetRepository(new Database(dataSource));
      const id = await new Database(dataSource).transaction((transaction) =>
        datasets.insert(transaction, 'p', { displayName: 'd', sourceUri, split: SPLIT }),
      );
      scope = importScope(id, 1);
      await new LeadershipRepository(new Database(dataSource)).open(noTransaction(dataSource), scope);
      await new TaskRepository(new Database(dataSource)).insert(noTransaction(dataSource), [
        { scope, key: 'import', spec: { import: { prefix: '', split: SPLIT } } },
      ]);
      const { task } = await service.lease(scope, 'w');
      lease = { scope, taskId: task?.id ?? '', fence: task?.fence ?? 0 };
    };

    beforeEach(() => leased(`s3://${store.bucket}-images/x`));

    const transfers = { downloads: [], uploads: [{ ...ARTIFACT, sha256: 'ab'.repeat(32) }], sourceKeys: [] };

    it.each([
      ['a link to upload by', () => service.transferUrls(lease, transfers)],
      ['what it has uploaded', () => service.confirmUpload(lease, ARTIFACT)],
      ['its result', () => service.complete(lease, succeeded)],
      ['a list of images', () => service.listSourceObjects(lease)],
    ])('keeps its lease for %s, and the task says what it waits for', async (_, call) => {
      front.busyness = 'BARE_503';
      await expect(call()).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
      const [task] = await new TaskRepository(new Database(dataSource)).listByKeyPrefix(scope, '');
      expect(task).toMatchObject({
        state: 'leased',
        faults: 0,
        outages: 0,
        failure: { reason: 'STORAGE_UNAVAILABLE' },
      });
      expect(await new TaskRepository(new Database(dataSource)).outages([scope])).toHaveLength(1);
    });

    it('takes it when the store is there again, and the outage is over', async () => {
      const key = uploadKey(lease.taskId, lease.fence, ARTIFACT.sha256);
      await store.client.putObject(store.bucket, key, BYTES);
      front.busyness = 'SLOW_DOWN';
      await expect(service.confirmUpload(lease, ARTIFACT)).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
      front.busyness = undefined;
      expect(await service.confirmUpload(lease, ARTIFACT)).toEqual({ leaseLost: false });
      expect(await new TaskRepository(new Database(dataSource)).outages([scope])).toEqual([]);
      expect(await service.complete(lease, succeeded)).toEqual({ leaseLost: false });
      expect((await new TaskRepository(new Database(dataSource)).listByKeyPrefix(scope, ''))[0]?.state).toBe(
        'succeeded',
      );
    });

    it('ends an import at once whose bucket cannot be read, which no waiting would mend', async () => {
      await leased('s3://no-such-bucket-anywhere/x');
      expect(await service.listSourceObjects(lease)).toEqual({ leaseLost: true, objects: [] });
      const [task] = await new TaskRepository(new Database(dataSource)).listByKeyPrefix(scope, '');
      expect(task).toMatchObject({ state: 'infeasible', failure: { reason: 'DATASET_UNREACHABLE' } });
    });
  });
});
