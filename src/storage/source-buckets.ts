import { Inject, Injectable } from '@nestjs/common';
import { S3Error, type BucketItem, type Client } from 'minio';
import { CONFIG, type StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import { connect, LINK_SECONDS, reached } from './s3.js';

/** One object below a prefix. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

const UNREACHABLE = new Set(['NoSuchBucket', 'AccessDenied', 'Forbidden', 'PermanentRedirect', 'InvalidBucketName']);

/** What a glance at a prefix has found directly below it. */
export interface Glance {
  /** Names of the first folders, at most 2. */
  readonly folders: readonly string[];
  /** Folders and objects. */
  readonly entryCount: number;
  /** Whether all that is there was seen. */
  readonly isWhole: boolean;
}

/** How far a glance goes. */
interface GlanceBounds {
  readonly entryCountMax: number;
  readonly secondsMax: number;
}
const GLANCE_BOUNDS: GlanceBounds = { entryCountMax: 10_000, secondsMax: 10 };
/** The number of folders after which a glance knows that there are classes. */
const FOLDER_COUNT_MAX = 2;

/** A glance that took too long. */
class SlowListingError extends Error {}

/** The buckets of datasets: any that our credentials can read, but the one that holds artifacts. Nothing is written there. */
@Injectable()
export class SourceBuckets {
  private readonly client: Client;

  constructor(@Inject(CONFIG) private readonly config: StoresConfig) {
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

  /**
   * Looks at what lies directly below `prefix`: as far as the second folder, 10 pages or 10 s, however much there is. A bucket
   * that holds millions of objects is not listed through while a caller waits.
   *
   * @throws {DomainError} DATASET_UNREACHABLE as `listPage`; STORAGE_UNAVAILABLE when not even a first page came in time.
   */
  async glance(
    bucket: string,
    prefix: string,
    { entryCountMax, secondsMax }: GlanceBounds = GLANCE_BOUNDS,
  ): Promise<Glance> {
    const folders: string[] = [];
    let entryCount = 0;
    const parent = prefix === '' ? '' : `${prefix}/`;
    const stream = this.client.listObjectsV2(bucket, parent, false);
    const timer = setTimeout(() => stream.destroy(new SlowListingError()), secondsMax * 1000);
    try {
      await this.reaching(bucket, async () => {
        for await (const item of stream as AsyncIterable<BucketItem>) {
          entryCount += 1;
          if (item.prefix !== undefined) folders.push(item.prefix.slice(parent.length, -1));
          if (folders.length === FOLDER_COUNT_MAX || entryCount === entryCountMax) return;
        }
      });
    } catch (error) {
      if (!(error instanceof SlowListingError)) throw error;
      if (entryCount === 0) throw tooSlow(bucket, secondsMax, error);
      return { folders, entryCount, isWhole: false };
    } finally {
      clearTimeout(timer);
    }
    return { folders, entryCount, isWhole: folders.length < FOLDER_COUNT_MAX && entryCount < entryCountMax };
  }

  private async reaching(bucket: string, read: () => Promise<void>): Promise<void> {
    try {
      await reached(read());
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

function tooSlow(bucket: string, secondsMax: number, cause: Error): DomainError {
  const message = `Bucket ${bucket} was not listed within ${secondsMax} s; try again later.`;
  return new DomainError('STORAGE_UNAVAILABLE', message, { bucket, secondsMax: String(secondsMax) }, { cause });
}
