import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { HealthService } from '../../src/storage/health.service.js';
import { Database } from '../../src/storage/postgres/database.js';
import { createDataSource } from '../../src/storage/postgres/data-source.js';
import { Transactions } from '../../src/storage/postgres/transactions.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { SourceBuckets } from '../../src/storage/source-buckets.js';
import { createTestBucket } from '../support/object-store.js';
import { ToxicProxy } from '../support/toxic-proxy.js';

/** What the client allows is 15 s of silence. */
const SECONDS_MAX = 60;
const UNAVAILABLE = { name: 'DomainError', reason: 'STORAGE_UNAVAILABLE' };

describe('an S3 server that nothing comes out of', () => {
  let proxy: ToxicProxy;
  let config: ConstructorParameters<typeof ObjectStore>[0];
  let objects: ObjectStore;

  beforeEach(async () => {
    const { s3, postgresUrl } = inject('services');
    const { hostname, port } = new URL(s3.endpoint);
    proxy = await ToxicProxy.start(hostname, Number(port));
    config = {
      DATABASE_URL: postgresUrl,
      DATABASE_POOL_SIZE: 2,
      S3_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
      S3_ACCESS_KEY: s3.accessKey,
      S3_SECRET_KEY: s3.secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: (await createTestBucket()).bucket,
    };
    objects = new ObjectStore(config);
  });
  afterEach(() => proxy.close());

  async function expectUnavailable(work: Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - startMs).toBeLessThan(SECONDS_MAX * 1000);
  }

  it('is unavailable for every call, on connections that were open and on new ones', async () => {
    const bytes = randomBytes(1000);
    const artifact = await objects.putBlob(bytes);
    proxy.set({ isSilent: true });
    await Promise.all([
      expectUnavailable(objects.ping()),
      expectUnavailable(objects.hasBlob(artifact)),
      expectUnavailable(objects.put('a', bytes, 'text/plain')),
      expectUnavailable(objects.verifyBlob(artifact)),
      expectUnavailable(objects.prepareBucket()),
      expectUnavailable(new SourceBuckets(config).listPage('any', 'prefix')),
    ]);
  });

  it('is unavailable when it stops in the middle of an object', async () => {
    const artifact = await objects.putBlob(randomBytes(8 * 1024 * 1024));
    proxy.set({ answerStallBytes: 1024 * 1024 });
    await expectUnavailable(objects.verifyBlob(artifact));
  });

  it('is there again as soon as it answers', async () => {
    await objects.ping();
    proxy.freezeOpen();
    await expectUnavailable(objects.ping());
    await objects.ping();
  });

  it('leaves the answer about readiness quick', async () => {
    const dataSource = await createDataSource(config).initialize();
    const health = new HealthService(new Transactions(new Database(dataSource)), objects);
    try {
      proxy.set({ isSilent: true });
      const startMs = performance.now();
      expect(await health.check()).toEqual({ database: true, objectStore: false });
      expect(performance.now() - startMs).toBeLessThan(2_000);
    } finally {
      await dataSource.destroy();
    }
  });
});
