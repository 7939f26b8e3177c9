import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { splitConfigSchema } from '../../domain/dataset/dataset.js';
import { DomainError } from '../../domain/errors.js';
import type { JobEvent } from '../../domain/job/event.js';
import type { CreateFineTuneJob } from '../../domain/job/create-fine-tune-job.js';
import type { FineTuneJob, FineTuneJobSpec, StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { JOB_WORK } from '../../domain/job/job-state.js';
import { withoutClassFigures } from '../../domain/job/job-result.js';
import { idSchema, newId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { ALGORITHM_VERSION } from '../../search/biotune.js';
import { importScope } from '../../storage/postgres/dataset.repository.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { Transactions } from '../../storage/postgres/transactions.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { canonicalJson } from '../../domain/canonical-json.js';
import { DatasetService } from '../../catalog/dataset.service.js';
import { JobAdmission } from './job-admission.js';
import { toFineTuneJob } from './job-view.js';
import { pageOf, readPageToken } from './page.js';

/** Thrown to roll back when another request with the same idempotency key was first. */
class IdempotencyKeyTakenError extends Error {}

/** Where the tasks are that a job goes on with: first those that import its images. */
const workScope = ({ id, state, datasetId, datasetVersion }: StoredFineTuneJob): string =>
  state === 'VALIDATING' ? importScope(datasetId, datasetVersion) : id;

/** The rules of creating, reading, cancelling, pausing and resuming jobs. */
@Injectable()
export class FineTuneJobService {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly transactions: Transactions,
    private readonly datasetService: DatasetService,
    private readonly admission: JobAdmission,
  ) {}

  /**
   * Commits the job, its dataset if that is new, its idempotency row and its first event together: what is answered
   * is never lost.
   *
   * @param idempotencyKey A repeat with the same key and request answers with the first one's job.
   */
  async create(project: string, request: CreateFineTuneJob, idempotencyKey?: string): Promise<FineTuneJob> {
    const requestSha256 = createHash('sha256').update(canonicalJson(request)).digest('hex');
    const earlier = await this.findEarlier(project, idempotencyKey, requestSha256);
    if (earlier !== undefined) return earlier;
    const id = newId('ftj');
    try {
      const { spec } = await this.admission.admit(project, request, id);
      await this.transactions.run(async (transaction) => {
        await this.insert(transaction, project, id, request, spec);
        if (idempotencyKey === undefined) return;
        const row = { project, key: idempotencyKey, requestSha256, jobId: id };
        if (!(await this.jobs.insertIdempotencyKey(transaction, row))) throw new IdempotencyKeyTakenError();
      });
    } catch (error) {
      // The same request may have been faster on another connection: then its job is the answer, whatever it made fail.
      const faster = await this.findEarlier(project, idempotencyKey, requestSha256);
      if (faster !== undefined) return faster;
      // The index let another request with this externalId in first: this one is answered as if it came later.
      if (request.externalId !== undefined) await this.admission.checkExternalId(project, request.externalId);
      throw error;
    }
    return this.get(project, id);
  }

  /** @throws {DomainError} JOB_NOT_FOUND, also for a job of another project. */
  async get(project: string, id: string): Promise<FineTuneJob> {
    const [job] = await this.view([await this.find(project, id)]);
    if (job === undefined) throw new Error('a view is missing');
    return job;
  }

  /** Newest first; results are without the figures of single classes. */
  async list(project: string, page: PageRequest): Promise<Page<FineTuneJob>> {
    const beforeId = readPageToken(idSchema('ftj'), page.pageToken);
    const entities = await this.jobs.list(project, page.pageSize, beforeId);
    const jobs = await this.view(entities);
    const items = jobs.map((job) =>
      job.result === undefined ? job : { ...job, result: withoutClassFigures(job.result) },
    );
    return pageOf(items, page.pageSize, (place) => items[place]?.id);
  }

  /**
   * Asks a job to stop: what is queued is dropped at once, what runs learns of it with its next heartbeat. A job that has
   * ended, or is being cancelled, is returned unchanged.
   */
  async cancel(project: string, id: string): Promise<FineTuneJob> {
    await this.find(project, id);
    await this.transactions.run(async (transaction) => {
      await this.leaderships.wake(transaction, id);
      const moved = await this.jobs.move(transaction, id, 'CANCELLING');
      if (!moved) return;
      await this.events.append(transaction, id, 'CANCEL_REQUESTED');
      await this.tasks.cancelQueued(transaction, id);
    });
    return this.get(project, id);
  }

  /**
   * Stops the leasing of a job's tasks; what runs is handed back after its next heartbeat, at no fault. A job that is
   * paused, or about to be, is returned unchanged.
   *
   * @throws {DomainError} JOB_NOT_PAUSABLE for one that has not come to its tasks yet, or has ended.
   */
  async pause(project: string, id: string): Promise<FineTuneJob> {
    await this.find(project, id);
    await this.transactions.run(async (transaction) => {
      const pause = { reason: 'Requested', message: 'Someone asked for a pause: resume the job to go on.' } as const;
      if (await this.jobs.pause(transaction, id, pause)) await this.events.append(transaction, id, 'PAUSE_REQUESTED');
    });
    const job = await this.get(project, id);
    if (JOB_WORK[job.state] === 'HELD') return job;
    const message = `Job ${id} is ${job.state}; only a job that is QUEUED or RUNNING can be paused.`;
    throw new DomainError('JOB_NOT_PAUSABLE', message, { job: id, state: job.state });
  }

  /**
   * Goes on with a paused job, on the same rows and so with the same genomes. A job that is queued or running is returned
   * unchanged.
   *
   * @throws {DomainError} JOB_NOT_RESUMABLE for one that is in any other state.
   */
  async resume(project: string, id: string): Promise<FineTuneJob> {
    await this.find(project, id);
    await this.transactions.run(async (transaction) => {
      await this.leaderships.wake(transaction, id);
      if (!(await this.jobs.resume(transaction, id))) return;
      await this.events.append(transaction, id, 'RESUME_REQUESTED');
      await this.tasks.forgetOutages(transaction, id);
    });
    const job = await this.get(project, id);
    if (JOB_WORK[job.state] === 'WANTED') return job;
    const message = `Job ${id} is ${job.state}; only a job that is PAUSED can be resumed.`;
    throw new DomainError('JOB_NOT_RESUMABLE', message, { job: id, state: job.state });
  }

  /** Oldest first. */
  async listEvents(project: string, id: string, page: PageRequest): Promise<Page<JobEvent>> {
    await this.find(project, id);
    const afterSeq = readPageToken(z.int().min(0), page.pageToken) ?? 0;
    const items = await this.events.list(id, afterSeq, page.pageSize);
    return pageOf(items, page.pageSize, (place) => items[place]?.seq);
  }

  private async find(project: string, id: string): Promise<StoredFineTuneJob> {
    const job = await this.jobs.find(project, id);
    if (job !== undefined) return job;
    throw new DomainError('JOB_NOT_FOUND', `There is no job ${id} in project ${project}.`, { job: id });
  }

  private async view(entities: readonly StoredFineTuneJob[]): Promise<FineTuneJob[]> {
    const ids = entities.map(({ id }) => id);
    const [counts, best, outages] = await Promise.all([
      this.trials.count(ids),
      this.trials.best(ids),
      this.tasks.outages(entities.map(workScope)),
    ]);
    const now = new Date();
    return entities.map((job) =>
      toFineTuneJob({
        job,
        counts: counts.filter(({ jobId }) => jobId === job.id),
        best: best.find(({ jobId }) => jobId === job.id),
        outage: outages.find(({ scope }) => scope === workScope(job)),
        now,
      }),
    );
  }

  private async findEarlier(
    project: string,
    key: string | undefined,
    sha256: string,
  ): Promise<FineTuneJob | undefined> {
    const row = key === undefined ? undefined : await this.jobs.findIdempotencyKey(project, key);
    if (row === undefined) return undefined;
    if (row.requestSha256 === sha256) return this.get(project, row.jobId);
    throw new DomainError(
      'IDEMPOTENCY_MISMATCH',
      `Idempotency key ${row.key} was used for another request, which made job ${row.jobId}: use a new key.`,
      { key: row.key, job: row.jobId },
    );
  }

  private async insert(
    transaction: Transaction,
    project: string,
    id: string,
    request: CreateFineTuneJob,
    spec: FineTuneJobSpec,
  ): Promise<void> {
    const { dataset } = request;
    const split = request.data.split ?? splitConfigSchema.parse({});
    const version =
      dataset.kind === 'VERSION'
        ? { datasetId: dataset.dataset, datasetVersion: dataset.number }
        : {
            datasetId: await this.datasetService.register(transaction, project, dataset.uri, split),
            datasetVersion: 1,
          };
    await this.jobs.insert(transaction, {
      id,
      project,
      ...(request.externalId !== undefined && { externalId: request.externalId }),
      ...(request.displayName !== undefined && { displayName: request.displayName }),
      labels: request.labels,
      ...version,
      spec,
      algorithmVersion: ALGORITHM_VERSION,
    });
    await this.leaderships.open(transaction, id, ALGORITHM_VERSION);
  }
}
