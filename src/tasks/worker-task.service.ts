import { Injectable } from '@nestjs/common';
import { parseS3Uri } from '../domain/dataset.js';
import { DomainError } from '../domain/errors.js';
import type { Artifact, TaskOutcome, TaskSpec } from '../domain/task.js';
import { blobKey } from '../storage/object-keys.js';
import { ObjectStore } from '../storage/object-store.js';
import { DatasetRepository, parseImportScope } from '../storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository, type LeasedTask, type LeaseRef } from '../storage/postgres/task.repository.js';

/** One object of an import, with a link to fetch it. */
export interface SourceObjectLink {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly url: string;
}

/** Artifacts that a spec lets its worker read. */
function readable(spec: TaskSpec): readonly Artifact[] {
  if ('import' in spec) return [];
  const { network, pack } = 'train' in spec ? spec.train : spec.score;
  return [network.weights, pack.manifest, ...pack.shards];
}

/** What an outcome says was uploaded. */
function uploaded(outcome: TaskOutcome): readonly Artifact[] {
  if (!('succeeded' in outcome)) return [];
  const result = outcome.succeeded;
  if ('import' in result) return [result.import.manifest, ...result.import.shards];
  return 'train' in result && result.train.weights !== undefined ? [result.train.weights] : [];
}

/** What a worker may ask for: only about the task that it holds, and only through presigned links. */
@Injectable()
export class WorkerTaskService {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly datasets: DatasetRepository,
    private readonly objects: ObjectStore,
    private readonly leaseSeconds: number,
  ) {}

  /** `done` tells the worker to exit: the scope has ended. */
  async lease(scope: string, workerId: string): Promise<{ task?: LeasedTask; done: boolean; leaseSeconds: number }> {
    const { leaseSeconds } = this;
    const task = await this.tasks.lease(scope, workerId, leaseSeconds);
    if (task !== undefined) return { task, done: false, leaseSeconds };
    return { done: !(await this.leaderships.isOpen(scope)), leaseSeconds };
  }

  heartbeat(lease: LeaseRef): Promise<{ leaseLost: boolean; cancel: boolean }> {
    return this.tasks.heartbeat(lease, this.leaseSeconds);
  }

  /** @param pageToken Last key of the page before. */
  async listSourceObjects(
    lease: LeaseRef,
    pageToken?: string,
  ): Promise<{ leaseLost: boolean; objects: readonly SourceObjectLink[]; nextPageToken?: string }> {
    const spec = await this.tasks.leased(lease);
    const version = parseImportScope(lease.scope);
    if (spec === undefined || version === undefined || !('import' in spec)) return { leaseLost: true, objects: [] };
    const stored = await this.datasets.findVersion(version.datasetId, version.number);
    if (stored === undefined) return { leaseLost: true, objects: [] };
    const { bucket, prefix } = parseS3Uri(stored.sourceUri);
    const page = await this.objects.listPage(bucket, prefix, pageToken);
    const link = async (object: (typeof page)[number]) => ({
      ...object,
      url: await this.objects.presignGet(object.key, bucket),
    });
    const objects = await Promise.all(page.map(link));
    const last = objects.at(-1);
    return { leaseLost: false, objects, ...(last === undefined ? {} : { nextPageToken: last.key }) };
  }

  /** @throws {DomainError} FIELD_INVALID for a download that the task's spec does not name. */
  async transferUrls(
    lease: LeaseRef,
    { downloads, uploads }: { readonly downloads: readonly Artifact[]; readonly uploads: readonly Artifact[] },
  ): Promise<{ leaseLost: boolean; downloadUrls: readonly string[]; uploadUrls: readonly string[] }> {
    const spec = await this.tasks.leased(lease);
    if (spec === undefined) return { leaseLost: true, downloadUrls: [], uploadUrls: [] };
    const allowed = new Set(readable(spec).map(({ sha256 }) => sha256));
    const stranger = downloads.find(({ sha256 }) => !allowed.has(sha256));
    if (stranger !== undefined) {
      throw new DomainError('FIELD_INVALID', `Task ${lease.taskId} does not name the artifact ${stranger.sha256}.`, {
        sha256: stranger.sha256,
      });
    }
    return {
      leaseLost: false,
      downloadUrls: await Promise.all(downloads.map(({ sha256 }) => this.objects.presignGet(blobKey(sha256)))),
      uploadUrls: await Promise.all(uploads.map((artifact) => this.uploadUrl(artifact))),
    };
  }

  async reportMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<{ leaseLost: boolean }> {
    return { leaseLost: !(await this.tasks.reportMetrics(lease, values)) };
  }

  /** Counts as a fault when something that the outcome names is not stored: no row refers to missing bytes. */
  async complete(lease: LeaseRef, outcome: TaskOutcome): Promise<{ leaseLost: boolean }> {
    const spec = await this.tasks.leased(lease);
    const problem = spec === undefined ? undefined : await this.problemWith(spec, outcome);
    const checked: TaskOutcome =
      problem === undefined ? outcome : { fault: { reason: 'INTERNAL', message: problem, metadata: {} } };
    return { leaseLost: !(await this.tasks.complete(lease, checked)) };
  }

  async release(lease: LeaseRef): Promise<{ leaseLost: boolean }> {
    return { leaseLost: !(await this.tasks.release(lease)) };
  }

  private async uploadUrl(artifact: Artifact): Promise<string> {
    return (await this.objects.hasBlob(artifact)) ? '' : this.objects.presignPut(blobKey(artifact.sha256));
  }

  private async problemWith(spec: TaskSpec, outcome: TaskOutcome): Promise<string | undefined> {
    if (!('succeeded' in outcome)) return undefined;
    const [asked] = Object.keys(spec);
    const [given] = Object.keys(outcome.succeeded);
    if (asked !== given) return `The task asked for ${asked} and the worker reported ${given}.`;
    if ('train' in spec && spec.train.keepWeights && uploaded(outcome).length === 0) return 'The weights are missing.';
    for (const artifact of uploaded(outcome)) {
      if (!(await this.objects.hasBlob(artifact))) return `The artifact ${artifact.sha256} was not uploaded.`;
    }
    return undefined;
  }
}
