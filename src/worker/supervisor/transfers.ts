import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DomainError } from '../../domain/errors.js';
import type { Artifact } from '../../domain/artifact.js';
import { type ArtifactCache, artifactOf, DigestMismatchError, digestOf } from './artifact-cache.js';
import { withRetries } from './backoff.js';
import type { SourceObject } from './control-answers.js';
import type { ControlClient, Lease } from './control-client.js';
import { bodyOf, ConnectionError, send, type StoreRequest } from './store-connection.js';

/** Failures of the connection or the store before it counts as unavailable: 10 s of waits between them in all. */
const ATTEMPT_COUNT_MAX = 6;
const RETRY_DELAY_MS_MAX = 4_000;
/** Wrong bytes before they count as corrupt. */
const MISMATCH_COUNT_MAX = 3;

/** The store does not answer, or asks to come back later. */
class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}

/**
 * Moves bytes between the store and this machine for one task, by presigned links only.
 *
 * @throws {DomainError} STORAGE_UNAVAILABLE from every method when the store stays away.
 */
export class Transfers {
  constructor(
    private readonly control: ControlClient,
    private readonly cache: ArtifactCache,
    private readonly lease: Lease,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * The local file of an artifact, fetched unless it is there.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when it is missing, or the store gives other bytes three times.
   */
  async download(artifact: Artifact): Promise<string> {
    for (let mismatchCount = 1; ; mismatchCount += 1) {
      try {
        return (await this.cache.find(artifact)) ?? (await this.untilServed(() => this.receive(artifact)));
      } catch (error) {
        if (!(error instanceof DigestMismatchError)) throw error;
        if (mismatchCount >= MISMATCH_COUNT_MAX) throw corrupt(error);
      }
    }
  }

  /**
   * Stores bytes under their digest, unless the store has them.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when the coordinator reads other bytes than were sent.
   */
  async upload(bytes: Uint8Array): Promise<Artifact> {
    return this.put(artifactOf(bytes), () => Readable.from([bytes]));
  }

  /** Stores a file as `upload` does, without reading it into memory. */
  async uploadFile(path: string): Promise<Artifact> {
    return this.put(await digestOf(createReadStream(path)), () => createReadStream(path));
  }

  private async put(artifact: Artifact, read: () => Readable): Promise<Artifact> {
    await this.untilServed(async () => {
      const url = await this.control.uploadUrl(this.lease, artifact, this.signal);
      if (url === '') return;
      const body = { stream: read(), sizeBytes: artifact.sizeBytes };
      (await this.request(url, { method: 'PUT', body })).resume();
      await this.control.confirmUpload(this.lease, artifact, this.signal);
    });
    return artifact;
  }

  /**
   * The bytes of an object that is being imported.
   *
   * @param link Gives a link that was signed a short while ago, another one each time.
   * @throws {DomainError} DATASET_CHANGED when it is gone or not the one that was listed; in its size, three times.
   */
  readSource(object: SourceObject, link: () => Promise<string>): Promise<Uint8Array> {
    let refusedCount = 0;
    let mismatchCount = 0;
    return this.untilServed(async () => {
      const response = await this.request(await link(), { method: 'GET' }, refusedCount === 0 ? [403, 404] : [404]);
      if (response.statusCode === 403) {
        refusedCount += 1;
        response.resume();
        throw new StoreBusyError(`the store refused a link to ${object.key}, which may have expired`);
      }
      const found = response.headers.etag;
      if (response.statusCode === 404 || (found !== undefined && unquoted(found) !== unquoted(object.etag))) {
        response.destroy();
        throw changed(object, response.statusCode === 404 ? 'is gone' : `now has etag ${found}`);
      }
      const bytes = await buffer(bodyOf(response));
      if (bytes.length === object.sizeBytes) return bytes;
      mismatchCount += 1;
      const what = `gives ${bytes.length} bytes instead of the ${object.sizeBytes} that were listed`;
      if (mismatchCount >= MISMATCH_COUNT_MAX) throw changed(object, what);
      throw new StoreBusyError(`${object.key} ${what}`);
    });
  }

  private untilServed<T>(work: () => Promise<T>): Promise<T> {
    const isTransient = (error: unknown) => error instanceof StoreBusyError || error instanceof ConnectionError;
    const retries = { isTransient, attemptCountMax: ATTEMPT_COUNT_MAX, delayMsMax: RETRY_DELAY_MS_MAX };
    return withRetries(work, { ...retries, signal: this.signal }).catch((error: unknown) => {
      throw error instanceof Error && isTransient(error) ? unavailable(error.message, error) : error;
    });
  }

  private async receive(artifact: Artifact): Promise<string> {
    const url = await this.control.downloadUrl(this.lease, artifact, this.signal);
    const response = await this.request(url, { method: 'GET' }, [404]);
    if (response.statusCode === 404) {
      response.resume();
      throw missing(artifact, url);
    }
    return this.cache.store(artifact, Readable.from(bodyOf(response)));
  }

  private async request(
    url: string,
    request: Omit<StoreRequest, 'signal'>,
    expectedStatuses: readonly number[] = [],
  ): Promise<IncomingMessage> {
    const response = await send(url, { ...request, signal: this.signal });
    const { statusCode = 0 } = response;
    if ((statusCode >= 200 && statusCode < 300) || expectedStatuses.includes(statusCode)) return response;
    response.resume();
    const message = `the store answered ${statusCode} for ${new URL(url).pathname}`;
    if (statusCode >= 500 || statusCode === 429) throw new StoreBusyError(message);
    throw unavailable(message);
  }
}

const unquoted = (etag: string) => etag.replace(/^(W\/)?"|"$/g, '');

function unavailable(message: string, cause?: unknown): DomainError {
  return new DomainError('STORAGE_UNAVAILABLE', message, {}, { cause });
}

function corrupt({ expected, found, message }: DigestMismatchError): DomainError {
  return new DomainError('ARTIFACT_CORRUPT', `the store gave other bytes ${MISMATCH_COUNT_MAX} times: ${message}`, {
    expectedSha256: expected.sha256,
    foundSha256: found.sha256,
  });
}

function missing({ sha256 }: Artifact, url: string): DomainError {
  const message = `${decodeURIComponent(new URL(url).pathname)} is missing from the store`;
  return new DomainError('ARTIFACT_CORRUPT', message, { expectedSha256: sha256 });
}

function changed({ key, etag }: SourceObject, what: string): DomainError {
  return new DomainError('DATASET_CHANGED', `${key} ${what}; it had etag ${etag} when it was listed`, { key, etag });
}
