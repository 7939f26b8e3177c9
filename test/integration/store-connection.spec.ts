import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { bodyOf, ConnectionError, send } from '../../src/worker/supervisor/store-connection.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';
import { ToxicProxy } from '../support/toxic-proxy.js';

/** What a worker allows is 15 s of silence, after the last byte that a buffer took. */
const SECONDS_MAX = 60;
const LARGE = randomBytes(32 * 1024 * 1024);

describe('a worker at the end of a presigned link', () => {
  let proxy: ToxicProxy;
  let store: TestBucket;
  let over: AbortController;

  beforeEach(async () => {
    const { hostname, port } = new URL(inject('services').s3.endpoint);
    proxy = await ToxicProxy.start(hostname, Number(port));
    store = await createTestBucket();
    over = new AbortController();
  });
  afterEach(() => proxy.close());

  /** Signed for the proxy: a signature is about the address that is asked. */
  function link(method: 'GET' | 'PUT', key: string): Promise<string> {
    const { s3 } = inject('services');
    const { accessKey, secretKey } = s3;
    const place = { endPoint: '127.0.0.1', port: proxy.port, useSSL: false, region: 'us-east-1' };
    return new Client({ ...place, accessKey, secretKey }).presignedUrl(method, store.bucket, key, 600);
  }
  async function put(key: string, bytes: Uint8Array): Promise<IncomingMessage> {
    const body = { stream: Readable.from([bytes]), sizeBytes: bytes.length };
    return send(await link('PUT', key), { method: 'PUT', body, signal: over.signal });
  }
  const get = async (key: string) => send(await link('GET', key), { method: 'GET', signal: over.signal });

  it('writes and reads', async () => {
    expect((await put('a', LARGE)).statusCode).toBe(200);
    const read = await buffer(bodyOf(await get('a')));
    expect(createHash('sha256').update(read).digest('hex')).toBe(createHash('sha256').update(LARGE).digest('hex'));
  });

  async function expectLost(work: Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    await expect(work).rejects.toBeInstanceOf(ConnectionError);
    expect(performance.now() - startMs).toBeLessThan(SECONDS_MAX * 1000);
  }

  it('gives up on a store that does not answer', async () => {
    await put('a', Buffer.from('bytes'));
    proxy.set({ isSilent: true });
    await expectLost(get('a'));
  });

  it('gives up on a store that takes no more of an upload', async () => {
    proxy.set({ isSilent: true });
    await expectLost(put('a', LARGE));
  });

  it('gives up on a store that stops in the middle of an object', async () => {
    await put('a', LARGE);
    proxy.set({ answerStallBytes: 1024 * 1024 });
    const response = await get('a');
    await expectLost(buffer(bodyOf(response)));
  });

  it('stops reading when it is told to', async () => {
    await put('a', LARGE);
    proxy.set({ answerStallBytes: 1024 * 1024 });
    const reading = buffer(bodyOf(await get('a')));
    over.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
