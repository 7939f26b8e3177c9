import { Injectable } from '@nestjs/common';
import { S3Error, type BucketItem, type Client } from 'minio';
import type { StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import { connect, LINK_SECONDS, talk } from './s3.js';

/** One object below a prefix. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

const UNREACHABLE = new Set(['NoSuchBucket', 'AccessDenied', 'Forbidden', 'PermanentRedirect', 'InvalidBucketName']);

/** The buckets of datasets: any that our credentials can read, but the one that holds artifacts. Nothing is written there. */
@Injectable()
export class SourceBuckets {
  private readonly client: Client;

  constructor(private readonly config: StoresConfig) {
    this.client = connect(config);
  }

  /** @throws {DomainError} DATASET_UNREACHABLE for our own bucket: nobody's images lie there. */
  checkIsForeign(bucket: string): void {
    if (bucket !== this.config.S3_BUCKET) return;
    const message = `Bucket ${bucket} holds the service's own artifacts: put images into another bucket.`;
    throw new DomainError('DATASET_UNREACHABLE', message, { bucket });
  }

  presignGet(bucket: string, key: string): Promise<string> {
    return this.client.presignedGetObject(bucket, key, LINK_SECONDS);
  }

  /**
   * One page of the objects below `prefix` of a bucket, in key order.
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
