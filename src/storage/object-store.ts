import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Client, S3Error, type BucketItem } from 'minio';
import type { StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import type { Artifact } from '../domain/task.js';
import { blobKey } from './object-keys.js';

/** Seconds that a presigned link works. */
export const LINK_SECONDS = 15 * 60;

/** One object below a prefix. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

const MISSING = new Set(['NotFound', 'NoSuchKey']);
/** The server is not there, or went away in the middle: trying again later is right. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
const UNREACHABLE = new Set(['NoSuchBucket', 'AccessDenied', 'Forbidden', 'PermanentRedirect', 'InvalidBucketName']);

/** @throws {DomainError} STORAGE_UNAVAILABLE when the server is not there; what it answers is thrown as it is. */
async function talk<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NETWORK_CODES.has(code)) throw error;
    throw new DomainError(
      'STORAGE_UNAVAILABLE',
      'Object storage cannot be reached; try again later.',
      { code },
      { cause: error },
    );
  }
}

/** Bytes in any S3 with SigV4: our own bucket, read and written; the buckets of datasets, read only. */
@Injectable()
export class ObjectStore {
  private readonly client: Client;

  constructor(private readonly config: StoresConfig) {
    const endpoint = new URL(config.S3_ENDPOINT);
    this.client = new Client({
      endPoint: endpoint.hostname,
      port: Number(endpoint.port || (endpoint.protocol === 'https:' ? 443 : 80)),
      useSSL: endpoint.protocol === 'https:',
      accessKey: config.S3_ACCESS_KEY,
      secretKey: config.S3_SECRET_KEY,
      region: config.S3_REGION,
      pathStyle: true,
    });
  }

  /** Makes our bucket when it does not exist; safe when several processes start at once. */
  async prepareBucket(): Promise<void> {
    if (await talk(this.client.bucketExists(this.config.S3_BUCKET))) return;
    await this.client.makeBucket(this.config.S3_BUCKET, this.config.S3_REGION).catch((error: unknown) => {
      if (!(error instanceof S3Error && error.code === 'BucketAlreadyOwnedByYou')) throw error;
    });
  }

  /** @throws whatever the server or the network answers when our bucket cannot be reached. */
  async ping(): Promise<void> {
    await talk(this.client.bucketExists(this.config.S3_BUCKET));
  }

  uri(key: string): string {
    return `s3://${this.config.S3_BUCKET}/${key}`;
  }

  /** Stores bytes under `key` of our bucket. Content-addressed keys may be written by several at once: the bytes are equal. */
  async put(key: string, bytes: Buffer, mediaType: string): Promise<void> {
    const metadata = { 'Content-Type': mediaType };
    await talk(this.client.putObject(this.config.S3_BUCKET, key, bytes, bytes.length, metadata));
  }

  /** Stores bytes under their SHA-256, unless they are there already. */
  async putBlob(bytes: Buffer): Promise<Artifact> {
    const artifact = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    if (!(await this.hasBlob(artifact))) await this.put(blobKey(artifact.sha256), bytes, 'application/octet-stream');
    return artifact;
  }

  /** Whether bytes of that name and size are stored; it does not read them. */
  async hasBlob({ sha256, sizeBytes }: Artifact): Promise<boolean> {
    try {
      const stat = await talk(this.client.statObject(this.config.S3_BUCKET, blobKey(sha256)));
      return stat.size === sizeBytes;
    } catch (error) {
      if (error instanceof S3Error && MISSING.has(error.code ?? '')) return false;
      throw error;
    }
  }

  /**
   * Reads a blob through to its end and compares size and SHA-256.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT with both digests.
   */
  async verifyBlob({ sha256, sizeBytes }: Artifact): Promise<void> {
    const hash = createHash('sha256');
    let sizeRead = 0;
    const stream: AsyncIterable<Buffer> = await talk(this.client.getObject(this.config.S3_BUCKET, blobKey(sha256)));
    for await (const chunk of stream) {
      hash.update(chunk);
      sizeRead += chunk.length;
    }
    const found = hash.digest('hex');
    if (found === sha256 && sizeRead === sizeBytes) return;
    throw new DomainError(
      'ARTIFACT_CORRUPT',
      `${this.uri(blobKey(sha256))} holds ${sizeRead} bytes with SHA-256 ${found}; ${sizeBytes} bytes with ${sha256} were stored.`,
      { key: blobKey(sha256), expectedSha256: sha256, foundSha256: found },
    );
  }

  /** Copies a blob to a readable key, inside the server. */
  async copyBlob(sha256: string, key: string): Promise<void> {
    const source = `/${this.config.S3_BUCKET}/${blobKey(sha256)}`;
    await talk(this.client.copyObject(this.config.S3_BUCKET, key, source));
  }

  presignGet(key: string, bucket = this.config.S3_BUCKET): Promise<string> {
    return this.client.presignedGetObject(bucket, key, LINK_SECONDS);
  }

  presignPut(key: string): Promise<string> {
    return this.client.presignedPutObject(this.config.S3_BUCKET, key, LINK_SECONDS);
  }

  /**
   * One page of the objects below `prefix` of any bucket that our credentials can read, in key order.
   *
   * @param startAfter Last key of the page before.
   * @throws {DomainError} DATASET_UNREACHABLE when the bucket does not exist or may not be read.
   */
  async listPage(bucket: string, prefix: string, startAfter = '', sizeMax = 1000): Promise<ListedObject[]> {
    const page: ListedObject[] = [];
    await this.reaching(bucket, async () => {
      const folder = prefix === '' ? '' : `${prefix}/`;
      const stream = this.client.listObjectsV2(bucket, folder, true, startAfter);
      for await (const item of stream as AsyncIterable<BucketItem>) {
        if (item.name !== undefined) page.push({ key: item.name, etag: item.etag, sizeBytes: item.size });
        if (page.length === sizeMax) break;
      }
    });
    return page;
  }

  /** Names of the folders directly below `prefix`, in order; empty when there is nothing. */
  async listFolders(bucket: string, prefix: string): Promise<string[]> {
    const folders: string[] = [];
    await this.reaching(bucket, async () => {
      const parent = prefix === '' ? '' : `${prefix}/`;
      for await (const item of this.client.listObjectsV2(bucket, parent, false) as AsyncIterable<BucketItem>) {
        if (item.prefix !== undefined) folders.push(item.prefix.slice(parent.length, -1));
      }
    });
    return folders;
  }

  private async reaching(bucket: string, read: () => Promise<void>): Promise<void> {
    try {
      await talk(read());
    } catch (error) {
      if (!(error instanceof S3Error) || !UNREACHABLE.has(error.code ?? '')) throw error;
      throw new DomainError(
        'DATASET_UNREACHABLE',
        `Bucket ${bucket} cannot be read (${error.code}): check its name and that this service's credentials may list it.`,
        { bucket, code: error.code ?? '' },
        { cause: error },
      );
    }
  }
}
