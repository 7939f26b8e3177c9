import { Inject, Injectable } from '@nestjs/common';
import { S3Error, type BucketItem, type Client } from 'minio';
import { CONFIG, type StoresConfig } from '../config/config.js';
import { connect, reached } from './s3.js';

/** An object of our bucket. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** An upload in parts that nobody has ended; it takes room and is no object. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

/** Objects of one page, and of one deletion: what S3 allows. */
const PAGE_SIZE = 1000;

/**
 * The longest silence of a deletion: it ends before Postgres ends the transaction that it is made in, and with that its
 * locks.
 */
const REMOVAL_SILENCE_MS_MAX = 5_000;

/** What lies in our bucket, whoever put it there, and its end. */
@Injectable()
export class StoredObjects {
  private readonly client: Client;
  private readonly impatient: Client;
  private readonly bucket: string;

  constructor(@Inject(CONFIG) config: StoresConfig) {
    this.client = connect(config);
    this.impatient = connect(config, REMOVAL_SILENCE_MS_MAX);
    this.bucket = config.S3_BUCKET;
  }

  /** Objects below a prefix, in key order, a page at a time. */
  async *pages(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    for (let startAfter = ''; ;) {
      const page = await reached(this.page(prefix, startAfter));
      if (page.length > 0) yield page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_SIZE) return;
      startAfter = last.key;
    }
  }

  /** Deletes at most 1000 objects. @throws {Error} that names one that the server did not delete. */
  async remove(keys: readonly string[]): Promise<void> {
    const answers = await reached(this.impatient.removeObjects(this.bucket, [...keys]));
    const refused = answers.find((answer) => answer !== null && answer !== undefined);
    if (refused !== undefined) throw new Error(`the store did not delete all objects: ${JSON.stringify(refused)}`);
  }

  async unfinishedUploads(): Promise<readonly UnfinishedUpload[]> {
    const uploads: UnfinishedUpload[] = [];
    for (let keyMarker = ''; ;) {
      // Not the client's stream of them: that asks for the parts of each, and breaks when one ends meanwhile.
      const page = await reached(this.client.listIncompleteUploadsQuery(this.bucket, '', keyMarker, '', ''));
      for (const { key, uploadId, initiated } of page.uploads) uploads.push({ key, uploadId, initiated });
      if (!page.isTruncated) return uploads;
      keyMarker = page.nextKeyMarker;
    }
  }

  /** Ends an upload in parts and frees its room; one that has ended meanwhile is left as it is. */
  async abort({ key, uploadId }: UnfinishedUpload): Promise<void> {
    try {
      await reached(this.client.abortMultipartUpload(this.bucket, key, uploadId));
    } catch (error) {
      if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error;
    }
  }

  private async page(prefix: string, startAfter: string): Promise<readonly StoredObject[]> {
    const page: StoredObject[] = [];
    const stream = this.client.listObjectsV2(this.bucket, prefix, true, startAfter);
    for await (const { name, size, lastModified } of stream as AsyncIterable<BucketItem>) {
      if (name !== undefined) page.push({ key: name, sizeBytes: size, lastModified });
      if (page.length === PAGE_SIZE) break;
    }
    return page;
  }
}
