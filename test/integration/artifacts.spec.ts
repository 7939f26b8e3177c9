import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { DataSource } from 'typeorm';
import type { Artifact } from '../../src/domain/task.js';
import { blobKey } from '../../src/storage/object-keys.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { DatasetRepository } from '../../src/storage/postgres/dataset.repository.js';
import { EventRepository } from '../../src/storage/postgres/event.repository.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { TaskRepository, type LeaseRef } from '../../src/storage/postgres/task.repository.js';
import { WorkerTaskService } from '../../src/tasks/worker-task.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';

const SCOPE = 'ftj_01JD0000000000000000000000';

const artifactOf = (bytes: Buffer): Artifact => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});

describe('artifacts', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: TestBucket;
  let objects: ObjectStore;
  let service: WorkerTaskService;
  let lease: LeaseRef;
  let trainShard: Artifact;
  let testShard: Artifact;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 4 }).initialize();
    await migrate(dataSource);
    store = await createTestBucket();
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    objects = new ObjectStore({
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: 4,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: store.bucket,
    });
    const tasks = new TaskRepository(dataSource, new EventRepository(dataSource));
    const leaderships = new LeadershipRepository(dataSource);
    service = new WorkerTaskService(tasks, leaderships, new DatasetRepository(dataSource), objects, 30);
    trainShard = await objects.putBlob(Buffer.from('training images'));
    testShard = await objects.putBlob(Buffer.from('test images'));
    await leaderships.open(dataSource.manager, SCOPE);
    await tasks.insert(dataSource.manager, [{ scope: SCOPE, key: 'search/0/0/1', spec: trainSpec() }]);
    const { task } = await service.lease(SCOPE, 'w');
    lease = { scope: SCOPE, taskId: task?.id ?? '', fence: task?.fence ?? 0 };
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const trainSpec = () => ({
    train: {
      network: {
        architecture: 'a',
        weights: trainShard,
        mean: [0, 0, 0],
        std: [1, 1, 1],
        imageSizePx: 32,
        classCount: 2,
      },
      pack: { manifest: trainShard, shards: [{ ...trainShard, split: 'train' as const, imageCount: 1 }] },
      training: {
        epochCount: 1,
        patienceEpochs: 1,
        batchSize: 2,
        baseLearningRate: 1e-3,
        cosineEpochCount: 1,
        frozenBatchNorm: 'EVAL' as const,
      },
      lrMultipliers: [1],
      trainedPart: 'BLOCKS' as const,
      seed: 1,
      fold: 0,
      foldCount: 1,
      keepWeights: true,
    },
  });

  const wanted = { downloads: [], uploads: [], sourceKeys: [] };
  const put = (url: string | undefined, bytes: string) => fetch(url ?? '', { method: 'PUT', body: bytes });
  const uploadUrl = async (artifact: Artifact) =>
    (await service.transferUrls(lease, { ...wanted, uploads: [artifact] })).uploadUrls[0];

  it('become blobs once the coordinator has read them through', async () => {
    const artifact = artifactOf(Buffer.from('weights'));
    const url = await uploadUrl(artifact);
    expect((await put(url, 'weights')).status).toBe(200);
    expect(await objects.hasBlob(artifact)).toBe(false);
    expect(await service.confirmUpload(lease, artifact)).toEqual({ leaseLost: false });
    expect(await service.confirmUpload(lease, artifact)).toEqual({ leaseLost: false });
    await objects.verifyBlob(artifact);
    expect(await uploadUrl(artifact)).toBe('');
  });

  it('cannot be overwritten, not even by a link that was given before they were stored', async () => {
    const artifact = artifactOf(Buffer.from('precious'));
    const early = await uploadUrl(artifact);
    await objects.putBlob(Buffer.from('precious'));
    await put(early, 'rubbish!');
    await service.confirmUpload(lease, artifact);
    await objects.verifyBlob(artifact);
  });

  it('are refused when they are not what their name says', async () => {
    const artifact = artifactOf(Buffer.from('promised'));
    await put(await uploadUrl(artifact), 'delivered');
    await expect(service.confirmUpload(lease, artifact)).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
    expect(await objects.hasBlob(artifact)).toBe(false);
  });

  it('get a link only when the task names them: a search task cannot reach test images', async () => {
    const { downloadUrls } = await service.transferUrls(lease, { ...wanted, downloads: [trainShard] });
    expect(await (await fetch(downloadUrls[0] ?? '')).text()).toBe('training images');
    const refused = service.transferUrls(lease, { ...wanted, downloads: [testShard] });
    await expect(refused).rejects.toMatchObject({ reason: 'FIELD_INVALID' });
    const source = service.transferUrls(lease, { ...wanted, sourceKeys: ['anything'] });
    await expect(source).rejects.toMatchObject({ reason: 'FIELD_INVALID' });
  });

  it('are named when they are missing or spoiled', async () => {
    const lost = artifactOf(Buffer.from('lost'));
    await expect(objects.verifyBlob(lost)).rejects.toThrow(`${blobKey(lost.sha256)} is missing`);
    await expect(objects.copyBlob(lost, 'copy')).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
    const spoiled = await objects.putBlob(Buffer.from('whole'));
    await store.client.putObject(store.bucket, blobKey(spoiled.sha256), Buffer.from('whale'));
    await expect(objects.verifyBlob(spoiled)).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
  });
});
