import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../config/config.js';
import { parseS3Uri, type S3Location } from '../domain/dataset/dataset-reference.js';
import { DomainError, type Failure, failureOf } from '../domain/errors.js';
import { endsJob, isOurs } from '../domain/reasons.js';
import type { Artifact } from '../domain/artifact.js';
import { taskKind, type TaskOutcome, type TaskSpec } from '../domain/task.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { blobKey, uploadKey } from '../storage/object-keys.js';
import { ObjectStore } from '../storage/object-store.js';
import { SourceBuckets, type ListedObject } from '../storage/source-buckets.js';
import { BlobClaimRepository } from '../storage/postgres/blob-claim.repository.js';
import { DatasetRepository, parseImportScope } from '../storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import type { LeaseRef } from '../storage/postgres/lease.repository.js';
import { TASK_KINDS, type UploadBounds } from './task-kinds.js';
import { type LeasedTask, TaskQueue } from './task-queue.js';

/** What a worker wants links for. */
export interface WantedTransfers {
  readonly downloads: readonly Artifact[];
  readonly uploads: readonly Artifact[];
  readonly sourceKeys: readonly string[];
}

/** Links in the order of the request; an upload that is stored already has an empty one. */
export interface TransferUrls {
  readonly leaseLost: boolean;
  readonly downloadUrls: readonly string[];
  readonly uploadUrls: readonly string[];
  readonly sourceUrls: readonly string[];
}

/** What a worker may ask for: only about the task that it holds, and only through presigned links. */
@Injectable()
export class WorkerTaskService {
  constructor(
    private readonly tasks: TaskQueue,
    private readonly leaderships: LeadershipRepository,
    private readonly datasets: DatasetRepository,
    private readonly objects: ObjectStore,
    private readonly sources: SourceBuckets,
    private readonly claims: BlobClaimRepository,
    @Inject(CONFIG) private readonly config: UploadBounds & Pick<CoordinatorConfig, 'LEASE_SECONDS'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * `done` makes the worker exit: the scope has ended.
   *
   * @param workerId Names one process, which asks only while it works on nothing: a lease that it holds never reached it.
   */
  async lease(scope: string, workerId: string): Promise<{ task?: LeasedTask; done: boolean; leaseSeconds: number }> {
    const { LEASE_SECONDS: leaseSeconds } = this.config;
    const held = await this.tasks.leaseAgain(scope, workerId, leaseSeconds);
    const task = held ?? (await this.tasks.lease(scope, workerId, leaseSeconds));
    if (task !== undefined) return { task, done: false, leaseSeconds };
    return { done: !(await this.leaderships.isOpen(scope)), leaseSeconds };
  }

  async heartbeat(lease: LeaseRef): Promise<{ leaseLost: boolean; cancel: boolean }> {
    const answer = await this.tasks.heartbeat(lease, this.config.LEASE_SECONDS);
    return answer.leaseLost ? { ...(await this.lost(lease)), cancel: false } : answer;
  }

  /**
   * A bucket that cannot be read ends the import at once.
   *
   * @param pageToken Last key of the page before.
   */
  async listSourceObjects(
    lease: LeaseRef,
    pageToken?: string,
  ): Promise<{ leaseLost: boolean; objects: readonly ListedObject[]; nextPageToken?: string }> {
    const source = await this.source(lease);
    if (source === undefined) return { ...(await this.lost(lease)), objects: [] };
    try {
      const objects = await this.served(lease, () => this.sources.listPage(source.bucket, source.prefix, pageToken));
      const last = objects.at(-1);
      return { leaseLost: false, objects, ...(last !== undefined && { nextPageToken: last.key }) };
    } catch (error) {
      const failure = failureOf(error);
      if (!endsJob(failure.reason)) throw error;
      await this.tasks.complete(lease, { infeasible: failure });
      return { leaseLost: true, objects: [] };
    }
  }

  /** @throws {DomainError} FIELD_INVALID when the task does not name a download or a source. */
  async transferUrls(lease: LeaseRef, wanted: WantedTransfers): Promise<TransferUrls> {
    const spec = await this.tasks.leased(lease);
    if (spec === undefined) return { ...(await this.lost(lease)), downloadUrls: [], uploadUrls: [], sourceUrls: [] };
    const { downloads, uploads, sourceKeys } = wanted;
    const allowed = new Set(TASK_KINDS[taskKind(spec)].reads(spec).map(({ sha256 }) => sha256));
    const stranger = downloads.find(({ sha256 }) => !allowed.has(sha256));
    if (stranger !== undefined) throw notNamed(lease, `the artifact ${stranger.sha256}`);
    this.checkSizes(spec, uploads);
    await this.claims.claim(uploads);
    const uploadUrls = await this.served(lease, () =>
      Promise.all(uploads.map((artifact) => this.uploadUrl(lease, artifact))),
    );
    return {
      leaseLost: false,
      downloadUrls: await Promise.all(downloads.map(({ sha256 }) => this.objects.presignGet(blobKey(sha256)))),
      uploadUrls,
      sourceUrls: sourceKeys.length === 0 ? [] : await this.sourceUrls(lease, sourceKeys),
    };
  }

  /**
   * Reads an upload through and stores it under its hash; may be repeated.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when its bytes have another hash or size.
   */
  async confirmUpload(lease: LeaseRef, artifact: Artifact): Promise<{ leaseLost: boolean }> {
    if ((await this.tasks.leased(lease)) === undefined) return this.lost(lease);
    await this.claims.claim([artifact]);
    const key = uploadKey(lease.taskId, lease.fence, artifact.sha256);
    await this.served(lease, () => this.objects.adoptUpload(key, artifact));
    await this.tasks.noteProgress(lease);
    return { leaseLost: false };
  }

  async reportMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<{ leaseLost: boolean }> {
    return (await this.tasks.reportMetrics(lease, values)) ? { leaseLost: false } : this.lost(lease);
  }

  /** Counts as a fault when something that the outcome names is not stored whole: no row refers to missing bytes. */
  async complete(lease: LeaseRef, outcome: TaskOutcome): Promise<{ leaseLost: boolean }> {
    const spec = await this.tasks.leased(lease);
    const problem = spec === undefined ? undefined : await this.served(lease, () => this.problemWith(spec, outcome));
    const checked: TaskOutcome = problem === undefined ? outcome : { fault: problem };
    return (await this.tasks.complete(lease, checked)) ? { leaseLost: false } : this.lost(lease);
  }

  async release(lease: LeaseRef): Promise<{ leaseLost: boolean }> {
    return (await this.tasks.release(lease)) ? { leaseLost: false } : this.lost(lease);
  }

  /**
   * What a call is answered whose fence is not, or no longer, the task's.
   *
   * @throws {DomainError} WORKER_SCOPE_FOREIGN when the task belongs to another scope than the caller's token.
   */
  private async lost({ scope, taskId }: LeaseRef): Promise<{ leaseLost: true }> {
    const taskScope = await this.tasks.scopeOf(taskId);
    if (taskScope === undefined || taskScope === scope) return { leaseLost: true };
    this.logger.warn({ tokenScope: scope, taskScope, task: taskId }, 'worker named a task of a foreign scope');
    // The answer does not say whose task it is.
    const message = `Task ${taskId} is not of the scope of this worker's token, ${scope}.`;
    throw new DomainError('WORKER_SCOPE_FOREIGN', message, { task: taskId, scope });
  }

  private checkSizes(spec: TaskSpec, uploads: readonly Artifact[]): void {
    const setting = TASK_KINDS[taskKind(spec)].uploadBound;
    const bytesMax = this.config[setting] * 1024 ** 2;
    const large = uploads.find(({ sizeBytes }) => sizeBytes > bytesMax);
    if (large === undefined) return;
    const message = `The upload ${large.sha256} has ${large.sizeBytes} bytes; ${setting} allows ${bytesMax} at most.`;
    const metadata = { sizeBytes: String(large.sizeBytes), sizeBytesMax: String(bytesMax), setting };
    throw new DomainError('FIELD_INVALID', message, metadata);
  }

  /**
   * Does a part of a worker's call for which a store is needed: an outage is noted on the task, while the worker tries on.
   * One of the database itself cannot be.
   */
  private async served<T>(lease: LeaseRef, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      const isNoted =
        error instanceof DomainError && isOurs(failure.reason) && failure.reason !== 'DATABASE_UNAVAILABLE';
      if (isNoted) await this.tasks.noteOutage(lease, failure);
      throw error;
    }
  }

  private async uploadUrl(lease: LeaseRef, artifact: Artifact): Promise<string> {
    if (await this.objects.hasBlob(artifact)) return '';
    return this.objects.presignPut(uploadKey(lease.taskId, lease.fence, artifact.sha256), artifact.sizeBytes);
  }

  private async sourceUrls(lease: LeaseRef, keys: readonly string[]): Promise<string[]> {
    const source = await this.source(lease);
    const stranger = keys.find((key) => source === undefined || !isBelow(source.prefix, key));
    if (source === undefined || stranger !== undefined) throw notNamed(lease, `the object ${stranger ?? ''}`);
    return Promise.all(keys.map((key) => this.sources.presignGet(source.bucket, key)));
  }

  /** Where the images of an import lie; undefined when the lease is lost or the task is no import. */
  private async source(lease: LeaseRef): Promise<S3Location | undefined> {
    const spec = await this.tasks.leased(lease);
    const version = parseImportScope(lease.scope);
    if (spec === undefined || version === undefined || taskKind(spec) !== 'IMPORT') return undefined;
    const stored = await this.datasets.findVersion(version.datasetId, version.number);
    return stored === undefined ? undefined : parseS3Uri(stored.sourceUri);
  }

  private async problemWith(spec: TaskSpec, outcome: TaskOutcome): Promise<Failure | undefined> {
    if (!('succeeded' in outcome)) return undefined;
    const expected = taskKind(spec);
    const given = taskKind(outcome.succeeded);
    if (expected !== given) return internal(`The task asked for ${expected} and the worker reported ${given}.`);
    const { uploaded, uploadCountMin, misfit } = TASK_KINDS[expected];
    const wrong = misfit(spec, outcome.succeeded);
    if (wrong !== undefined) return internal(wrong);
    const artifacts = uploaded(outcome.succeeded);
    const countMin = uploadCountMin(spec);
    if (artifacts.length < countMin) {
      return internal(`The task asked for ${countMin} uploads or more; the result names ${artifacts.length}.`);
    }
    await this.claims.claim(artifacts);
    try {
      for (const artifact of artifacts) {
        if (!(await this.objects.hasBlob(artifact)))
          return internal(`The artifact ${artifact.sha256} was not uploaded.`);
      }
    } catch (error) {
      // Stored in another size: what the worker reported is wrong, not the call.
      if (!(error instanceof DomainError) || error.reason !== 'ARTIFACT_CORRUPT') throw error;
      return failureOf(error);
    }
    return undefined;
  }
}

/** A key with dots for a folder is refused: some servers read it as a path that leads out of the prefix. */
const isBelow = (prefix: string, key: string): boolean =>
  (prefix === '' || key.startsWith(`${prefix}/`)) && !key.split('/').some((part) => part === '.' || part === '..');

const internal = (message: string): Failure => ({ reason: 'INTERNAL', message, metadata: {} });

const notNamed = ({ taskId }: LeaseRef, what: string): DomainError =>
  new DomainError('FIELD_INVALID', `Task ${taskId} does not name ${what}.`, { task: taskId });
