import { randomUUID } from 'node:crypto';
import { Client } from 'minio';
import { inject } from 'vitest';
import type { TestServices } from './services.js';

export interface TestBucket {
  readonly client: Client;
  readonly bucket: string;
}

/** Makes an empty bucket for one spec file; it goes with the server at the end of the run. */
export async function createTestBucket(): Promise<TestBucket> {
  const client = connectTo(inject('services').s3);
  const bucket = `test-${randomUUID()}`;
  await client.makeBucket(bucket);
  return { client, bucket };
}

/** Makes a client for a local S3 server. */
export function connectTo({ endpoint, accessKey, secretKey }: TestServices['s3']): Client {
  const { hostname, port } = new URL(endpoint);
  return new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
}
