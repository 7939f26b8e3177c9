import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Client, CopyDestinationOptions, CopySourceOptions, S3Error, type BucketItemStat } from 'minio';
import type { StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import type { Artifact } from '../domain/artifact.js';
import { blobKey, checkKey } from './object-keys.js';
import { presignedUpload } from './presigned-upload.js';
import { connect, LINK_SECONDS, reached } from './s3.js';

/** Reads that give wrong bytes before they count as corrupt. */
const READ_COUNT_MAX = 3;

/** While a server copies a large object it says nothing: at 10 MB/s, this is for 1.2 GB. */
const COPY_SILENCE_MS_MAX = 120_000;

const BLOB_MEDIA_TYPE = 'application/octet-stream';

const MISSING = new Set(['NotFound', 'NoSuchKey']);

/** The bucket that holds artifacts and models, in any S3 with SigV4. */
@Injectable()
export class ObjectStore {
  private readonly client: Client;
  private readonly copier: Client;

  constructor(private readonly config: StoresConfig) {
    this.client = connect(config);
    this.copier = connect(config, COPY_SILENCE_MS_MAX);
  }

  /** Makes our bucket when it does not exist; safe when several processes start at once. */
  async prepareBucket(): Promise<void> {
    if (await reached(this.client.bucketExists(this.config.S3_BUCKET))) return;
    await reached(this.client.makeBucket(this.config.S3_BUCKET, this.config.S3_REGION)).catch((error: unknown) => {
      if (!(error instanceof S3Error && error.code === 'BucketAlreadyOwnedByYou')) throw error;
    });
  }

  /** @throws {Error} Whatever the server or the network answers when our bucket cannot be reached. */
  async ping(): Promise<void> {
    await reached(this.client.bucketExists(this.config.S3_BUCKET));
  }

  uri(key: string): string {
    return `s3://${this.config.S3_BUCKET}/${key}`;
  }

  /** Stores bytes under `key` of our bucket. Content-addressed keys may be written by several at once: the bytes are equal. */
  async put(key: string, bytes: Buffer, mediaType: string): Promise<void> {
    const metadata = { 'Content-Type': mediaType };
    await reached(this.client.putObject(this.config.S3_BUCKET, key, bytes, bytes.length, metadata));
  }

  /** Stores bytes under their SHA-256, unless they are there already. */
  async putBlob(bytes: Buffer): Promise<Artifact> {
    const artifact = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    if (!(await this.hasBlob(artifact))) await this.put(blobKey(artifact.sha256), bytes, BLOB_MEDIA_TYPE);
    return artifact;
  }

  /**
   * Whether bytes of that name are stored; it does not read them.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when they have another size: the name stands for their hash.
   */
  async hasBlob({ sha256, sizeBytes }: Artifact): Promise<boolean> {
    const key = blobKey(sha256);
    const stat = await this.stat(key);
    if (stat === undefined || stat.size === sizeBytes) return stat !== undefined;
    throw corrupt(this.uri(key), { sha256, sizeBytes }, `holds ${stat.size} bytes`);
  }

  /**
   * Reads a blob through to its end and compares size and SHA-256; wrong bytes are read twice more before they count.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT with what was found.
   */
  verifyBlob(artifact: Artifact): Promise<void> {
    return this.verify(blobKey(artifact.sha256), artifact);
  }

  /**
   * The bytes of a blob that fits into memory; wrong ones are read twice more before they count.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when they are missing, or not what the name says.
   */
  async getBlob(artifact: Artifact): Promise<Buffer> {
    const key = blobKey(artifact.sha256);
    for (let readCount = 1; ; readCount += 1) {
      const chunks: Buffer[] = [];
      const found = await this.digest(key, artifact.sizeBytes, (chunk) => chunks.push(chunk));
      if (isEqual(found, artifact)) return Buffer.concat(chunks);
      if (readCount === READ_COUNT_MAX || found === undefined) throw corrupt(this.uri(key), artifact, describe(found));
    }
  }

  /**
   * Makes a blob of what a worker has uploaded, after reading it through; the upload is gone afterwards. A blob that is
   * there already is left alone, and so may this be repeated, also while an earlier call still runs. After
   * STORAGE_UNAVAILABLE the upload is kept.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when the upload is not what its name says, or the blob is there in another size.
   */
  async adoptUpload(uploadKey: string, artifact: Artifact): Promise<void> {
    try {
      if (!(await this.hasBlob(artifact))) await this.adopt(uploadKey, artifact);
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== 'ARTIFACT_CORRUPT') throw error;
      await this.remove(uploadKey);
      // A call that ran beside this one may have adopted the upload and removed it.
      if (!(await this.hasBlob(artifact))) throw error;
    }
    await this.remove(uploadKey);
  }

  /**
   * Copies a blob to a readable key, inside the server.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when it is missing.
   */
  copyBlob(artifact: Artifact, key: string): Promise<void> {
    return this.copy(blobKey(artifact.sha256), key, artifact);
  }

  presignGet(key: string): Promise<string> {
    return this.client.presignedGetObject(this.config.S3_BUCKET, key, LINK_SECONDS);
  }

  /** @returns a link that stores so many bytes: the server refuses any other number. */
  presignPut(key: string, sizeBytes: number): string {
    return presignedUpload(this.config, key, sizeBytes);
  }

  /** The link to write the upload still works while this runs: what is read and becomes the blob is a copy without one. */
  private async adopt(uploadKey: string, artifact: Artifact): Promise<void> {
    const copy = checkKey(randomUUID());
    try {
      await this.copy(uploadKey, copy, artifact);
      await this.verify(copy, artifact);
      if (!(await this.hasBlob(artifact))) await this.copy(copy, blobKey(artifact.sha256), artifact);
    } finally {
      await this.remove(copy);
    }
  }

  private async verify(key: string, artifact: Artifact): Promise<void> {
    for (let readCount = 1; ; readCount += 1) {
      const found = await this.digest(key, artifact.sizeBytes);
      if (isEqual(found, artifact)) return;
      if (readCount === READ_COUNT_MAX || found === undefined) throw corrupt(this.uri(key), artifact, describe(found));
    }
  }

  /** @param artifact What is copied, to name it when it is missing. */
  private async copy(from: string, to: string, artifact: Artifact): Promise<void> {
    const Bucket = this.config.S3_BUCKET;
    const source = new CopySourceOptions({ Bucket, Object: from });
    // A worker chose the type of its upload; it must not be served as a page.
    const Headers = { 'Content-Type': BLOB_MEDIA_TYPE };
    const target = new CopyDestinationOptions({ Bucket, Object: to, MetadataDirective: 'REPLACE', Headers });
    try {
      await reached(this.copier.copyObject(source, target));
    } catch (error) {
      // Servers differ in how they answer a missing source.
      if (!(error instanceof S3Error) || (await this.stat(from)) !== undefined) throw error;
      throw corrupt(this.uri(from), artifact, describe(undefined), error);
    }
  }

  private async remove(key: string): Promise<void> {
    await reached(this.client.removeObject(this.config.S3_BUCKET, key));
  }

  /** Undefined when there is no such object. */
  private stat(key: string): Promise<BucketItemStat | undefined> {
    return ifThere(reached(this.client.statObject(this.config.S3_BUCKET, key)));
  }

  /**
   * Size of an object's bytes and the hash of them; undefined when there is no such object.
   *
   * @param sizeBytesMax Reading ends after the chunk that goes beyond this: then the bytes are wrong already.
   * @param onChunk Is given the bytes, piece by piece.
   */
  private digest(
    key: string,
    sizeBytesMax: number,
    onChunk: (chunk: Buffer) => unknown = () => undefined,
  ): Promise<Artifact | undefined> {
    const read = async () => {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      const stream: AsyncIterable<Buffer> = await this.client.getObject(this.config.S3_BUCKET, key);
      for await (const chunk of stream) {
        hash.update(chunk);
        onChunk(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes > sizeBytesMax) break;
      }
      return { sha256: hash.digest('hex'), sizeBytes };
    };
    return ifThere(reached(read()));
  }
}

async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3Error && MISSING.has(error.code ?? '')) return undefined;
    throw error;
  }
}

const isEqual = (found: Artifact | undefined, { sha256, sizeBytes }: Artifact): boolean =>
  found?.sha256 === sha256 && found.sizeBytes === sizeBytes;

const describe = (found: Artifact | undefined): string =>
  found === undefined ? 'is missing' : `gave ${found.sizeBytes} bytes with SHA-256 ${found.sha256}`;

function corrupt(uri: string, { sha256, sizeBytes }: Artifact, what: string, cause?: unknown): DomainError {
  const metadata = { uri, expectedSha256: sha256, expectedSizeBytes: String(sizeBytes) };
  const message = `${uri} ${what}; it must be ${sizeBytes} bytes with SHA-256 ${sha256}.`;
  return new DomainError('ARTIFACT_CORRUPT', message, metadata, { cause });
}
