import { RUNTIME } from '../fixtures/runtime.js';
import { trainingProtocolSchema } from '../../src/domain/job/training-protocol.js';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Client } from 'minio';
import type { DataSource } from 'typeorm';
import type { Artifact } from '../../src/domain/artifact.js';
import { blobKey, uploadKey } from '../../src/storage/object-keys.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { createLogger } from '../../src/observability/logger.js';
import { SourceBuckets } from '../../src/storage/source-buckets.js';
import { Database } from '../../src/storage/postgres/database.js';
import { BlobClaimRepository } from '../../src/storage/postgres/blob-claim.repository.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { DatasetRepository, importScope } from '../../src/storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import type { LeaseRef } from '../../src/storage/postgres/lease.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue } from '../../src/tasks/task-queue.js';
import { WorkerTaskService } from '../../src/tasks/worker-task.service.js';
import { createTestDatabase, taskQueue, type TestDatabase, noTransaction } from '../support/database.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';

const logger = createLogger('coordinator', 'silent');
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
  let sources: SourceBuckets;
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
    const config = {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: 4,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: store.bucket,
    };
    objects = new ObjectStore(config);
    sources = new SourceBuckets(config);
    const tasks = taskQueue(dataSource);
    const leaderships = new LeadershipRepository(new Database(dataSource));
    const datasets = new DatasetRepository(new Database(dataSource));
    const bounds = { LEASE_SECONDS: 30, UPLOAD_PACK_MIB_MAX: 1, UPLOAD_WEIGHTS_MIB_MAX: 1, UPLOAD_REPORT_MIB_MAX: 1 };
    const claims = new BlobClaimRepository(new Database(dataSource));
    service = new WorkerTaskService(tasks, leaderships, datasets, objects, sources, claims, bounds, logger);
    trainShard = await objects.putBlob(Buffer.from('training images'));
    testShard = await objects.putBlob(Buffer.from('test images'));
    await leaderships.open(noTransaction(dataSource), SCOPE);
    await new TaskRepository(new Database(dataSource)).insert(noTransaction(dataSource), [
      { scope: SCOPE, key: 'search/0/0/1', spec: trainSpec() },
    ]);
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
      training: trainingProtocolSchema.parse({
        frozenBatchNorm: 'EVAL',
        headInit: 'RANDOM',
        epochCount: 1,
        patienceEpochs: 1,
        batchSize: 2,
        cosineEpochCount: 1,
      }),
      augmentation: 'NONE' as const,
      lrMultipliers: [1],
      technique: { type: 'BLOCKS' as const },
      objective: { fitness: 'MACRO_ACCURACY' as const, lossWeight: 0 },
      seed: 1,
      headSeed: 1,
      fold: 0,
      foldCount: 1,
      keepWeights: true,
      keepPredictions: false,
    },
  });

  const trainResult = {
    bestEpoch: 1,
    stageBestEpochs: [1],
    epochCount: 1,
    validationLoss: 0,
    validationAccuracy: 0,
    validationMacroAccuracy: 0,
    validationMacroF1: 0,
    validationCalibrationError: 0,
    trainedParameterCount: 0,
    totalParameterCount: 1,
    trainSeconds: 0,
    multiplyAccumulates: 0,
    runtime: RUNTIME,
  };
  const wanted = { downloads: [], uploads: [], sourceKeys: [] };
  const put = (url: string | undefined, bytes: string) => fetch(url ?? '', { method: 'PUT', body: bytes });
  const presigned = ({ sha256, sizeBytes }: Artifact) =>
    objects.presignPut(uploadKey(lease.taskId, lease.fence, sha256), sizeBytes);
  const uploads = async () => (await sources.listPage(store.bucket, 'uploads')).map(({ key }) => key);
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

  it.each([
    ['longer', 'as many bytes as were promised, and more'],
    ['shorter', 'as many bytes'],
    ['empty', ''],
  ])('are refused by the store when they are %s than was said', async (_, bytes) => {
    const artifact = artifactOf(Buffer.from('as many bytes as were promised'));
    expect((await put(await uploadUrl(artifact), bytes)).status).toBe(403);
    expect(await uploads()).toEqual([]);
  });

  it('are refused by the store when their length is not said', async () => {
    const body = new Blob(['as many bytes as were promised']).stream();
    const url = await uploadUrl(artifactOf(Buffer.from('as many bytes as were promised')));
    const options = { method: 'PUT', body, duplex: 'half' } as RequestInit;
    expect((await fetch(url ?? '', options)).status).toBe(403);
  });

  it('get no link when they are larger than uploads of their task may be', async () => {
    const large = { sha256: 'ab'.repeat(32), sizeBytes: 1024 ** 2 + 1 };
    await expect(uploadUrl(large)).rejects.toThrow('UPLOAD_WEIGHTS_MIB_MAX allows 1048576 at most');
    expect(await uploadUrl({ ...large, sizeBytes: 1024 ** 2 })).toContain('X-Amz-Signature');
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
    await put(await uploadUrl(artifact), 'deceived');
    await expect(service.confirmUpload(lease, artifact)).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
    expect(await objects.hasBlob(artifact)).toBe(false);
    expect(await uploads()).toEqual([]);
    await expect(service.confirmUpload(lease, artifact)).rejects.toThrow('is missing');
  });

  it('are the bytes that were read, also when the upload is exchanged before the reading and back after it', async () => {
    const artifact = artifactOf(Buffer.from('as promised'));
    const url = await uploadUrl(artifact);
    await put(url, 'a lie, hid.');
    const { getObject } = Client.prototype;
    const read = vi.spyOn(Client.prototype, 'getObject').mockImplementation(async function (this: Client, ...where) {
      await put(url, 'as promised');
      const stream = await getObject.apply(this, where);
      await put(url, 'a lie, hid.');
      return stream;
    });
    const confirmed = service.confirmUpload(lease, artifact);
    await expect(confirmed).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
    read.mockRestore();
    expect(await objects.hasBlob(artifact)).toBe(false);
  });

  it('are confirmed by several calls at once', async () => {
    const artifact = artifactOf(Buffer.from('repeated'));
    await put(await uploadUrl(artifact), 'repeated');
    const calls = Array.from({ length: 8 }, () => service.confirmUpload(lease, artifact));
    expect(await Promise.all(calls)).toEqual(Array(8).fill({ leaseLost: false }));
    await objects.verifyBlob(artifact);
    expect(await uploads()).toEqual([]);
  });

  it('are left alone when they are stored in another size', async () => {
    const artifact = artifactOf(Buffer.from('the right size'));
    await store.client.putObject(store.bucket, blobKey(artifact.sha256), Buffer.from('another size'));
    await put(presigned(artifact), 'the right size');
    await expect(service.confirmUpload(lease, artifact)).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
    expect((await store.client.statObject(store.bucket, blobKey(artifact.sha256))).size).toBe(12);
    expect(await uploads()).toEqual([]);
  });

  it('are not confirmed with an old fence', async () => {
    const artifact = artifactOf(Buffer.from('stale'));
    const stale = { ...lease, fence: lease.fence - 1 };
    expect(await service.confirmUpload(stale, artifact)).toEqual({ leaseLost: true });
  });

  it('are kept from workers of another scope, and both scopes are logged', async () => {
    const artifact = artifactOf(Buffer.from('foreign'));
    const warn = vi.spyOn(logger, 'warn');
    const foreign = service.confirmUpload({ ...lease, scope: 'ftj_other' }, artifact);
    await expect(foreign).rejects.toMatchObject({ reason: 'WORKER_SCOPE_FOREIGN' });
    const scopes = { tokenScope: 'ftj_other', taskScope: SCOPE, task: lease.taskId };
    expect(warn).toHaveBeenCalledWith(scopes, expect.anything());
  });

  it('do not keep the media type that the worker gave its upload', async () => {
    const artifact = artifactOf(Buffer.from('<script>'));
    const headers = { 'content-type': 'text/html' };
    await fetch((await uploadUrl(artifact)) ?? '', { method: 'PUT', body: '<script>', headers });
    await service.confirmUpload(lease, artifact);
    await objects.copyBlob(artifact, 'published');
    const { metaData } = await store.client.statObject(store.bucket, 'published');
    expect(metaData['content-type']).toBe('application/octet-stream');
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
    await expect(objects.copyBlob(lost, 'copy')).rejects.toThrow(`${blobKey(lost.sha256)} is missing`);
    const spoiled = await objects.putBlob(Buffer.from('whole'));
    await store.client.putObject(store.bucket, blobKey(spoiled.sha256), Buffer.from('whale'));
    await expect(objects.verifyBlob(spoiled)).rejects.toMatchObject({ reason: 'ARTIFACT_CORRUPT' });
  });

  it('are not called corrupt when the connection breaks while they are read', async () => {
    const artifact = await objects.putBlob(Buffer.from('far away'));
    const broken = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    const read = vi.spyOn(Client.prototype, 'getObject').mockImplementation(() =>
      Promise.resolve(
        new Readable({
          read() {
            this.destroy(broken);
          },
        }),
      ),
    );
    await expect(objects.verifyBlob(artifact)).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
    read.mockRestore();
  });

  it('are read again before they are called corrupt', async () => {
    const artifact = await objects.putBlob(Buffer.from('flickering'));
    const read = vi.spyOn(Client.prototype, 'getObject');
    for (const bytes of ['flackering', 'flockering']) read.mockResolvedValueOnce(Readable.from([Buffer.from(bytes)]));
    await objects.verifyBlob(artifact);
    expect(read).toHaveBeenCalledTimes(3);
    read.mockRestore();
  });

  it('of an import get links only below its prefix', async () => {
    const split = { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 };
    const sourceUri = `s3://${store.bucket}/images`;
    const dataset = { displayName: 'd', sourceUri, split };
    const id = await new DatasetRepository(new Database(dataSource)).insert(
      noTransaction(dataSource),
      'vision',
      dataset,
    );
    const scope = importScope(id, 1);
    await new LeadershipRepository(new Database(dataSource)).open(noTransaction(dataSource), scope);
    const spec = { import: { prefix: 'images', split } };
    await new TaskRepository(new Database(dataSource)).insert(noTransaction(dataSource), [
      { scope, key: 'import', spec },
    ]);
    const { task } = await service.lease(scope, 'w');
    const importing: LeaseRef = { scope, taskId: task?.id ?? '', fence: task?.fence ?? 0 };

    await store.client.putObject(store.bucket, 'images/a.png', Buffer.from('pixels'));
    expect((await service.listSourceObjects(importing)).objects).toMatchObject([{ key: 'images/a.png', sizeBytes: 6 }]);
    const { sourceUrls } = await service.transferUrls(importing, { ...wanted, sourceKeys: ['images/a.png'] });
    expect(await (await fetch(sourceUrls[0] ?? '')).text()).toBe('pixels');
    for (const key of ['images', 'images2/a.png', blobKey(testShard.sha256), 'images/../secret', 'images/./a.png']) {
      const refused = service.transferUrls(importing, { ...wanted, sourceKeys: ['images/a.png', key] });
      await expect(refused, key).rejects.toMatchObject({ reason: 'FIELD_INVALID' });
    }
  });

  it('that were stored in another size than was reported end the attempt as a fault', async () => {
    const { sha256 } = await objects.putBlob(Buffer.from('weights of a size'));
    const complete = vi.spyOn(TaskQueue.prototype, 'complete').mockResolvedValueOnce(true);
    const weights = { sha256, sizeBytes: 1 };
    const result = { train: { ...trainResult, weights } };
    expect(await service.complete(lease, { succeeded: result })).toEqual({ leaseLost: false });
    expect(complete).toHaveBeenCalledWith(lease, { fault: expect.objectContaining({ reason: 'ARTIFACT_CORRUPT' }) });
    complete.mockRestore();
  });
});
