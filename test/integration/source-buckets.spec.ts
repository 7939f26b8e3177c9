import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SourceBuckets } from '../../src/storage/source-buckets.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';

describe('a glance at a prefix', () => {
  let images: TestBucket;
  let sources: SourceBuckets;

  const bucketsAt = (endpoint: string) => {
    const { accessKey, secretKey } = inject('services').s3;
    return new SourceBuckets({
      DATABASE_URL: 'postgresql://unused',
      DATABASE_POOL_SIZE: 1,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: 'artifacts',
    });
  };

  beforeAll(async () => {
    images = await createTestBucket();
    const keys = [...Array.from({ length: 30 }, (_, i) => `flat/${i}`), 'pets/cat/1', 'pets/dog/1', 'pets/emu/1'];
    for (const key of keys) await images.client.putObject(images.bucket, key, Buffer.from('x'));
    sources = bucketsAt(inject('services').s3.endpoint);
  });

  it('ends with the second folder', async () => {
    const seen = await sources.glance(images.bucket, 'pets');
    expect(seen).toEqual({ folders: ['cat', 'dog'], entryCount: 2, isWhole: false });
  });

  it('ends after so many entries, and says that it has not seen all', async () => {
    const bounds = { entryCountMax: 20, secondsMax: 60 };
    expect(await sources.glance(images.bucket, 'flat', bounds)).toEqual({
      folders: [],
      entryCount: 20,
      isWhole: false,
    });
  });

  it('sees all of what is small', async () => {
    expect(await sources.glance(images.bucket, 'flat')).toEqual({ folders: [], entryCount: 30, isWhole: true });
    expect(await sources.glance(images.bucket, 'nothing')).toEqual({ folders: [], entryCount: 0, isWhole: true });
  });

  describe('of a server that takes the call and never answers', () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));

    beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
    afterAll(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    it('ends after its time', async () => {
      const { port } = silent.address() as AddressInfo;
      const bounds = { entryCountMax: 20, secondsMax: 1 };
      const glance = bucketsAt(`http://127.0.0.1:${port}`).glance('images', 'pets', bounds);
      await expect(glance).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE', metadata: { secondsMax: '1' } });
    });
  });
});
