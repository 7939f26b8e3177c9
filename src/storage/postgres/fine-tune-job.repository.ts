import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import type { Failure } from '../../domain/errors.js';
import type { IdempotencyKey, StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import {
  type JobPhase,
  type JobState,
  statesBefore,
  type StopReason,
  TERMINAL_JOB_STATES,
} from '../../domain/job/job-state.js';
import type { Pause } from '../../domain/job/job-condition.js';
import type { Runtime } from '../../domain/runtime.js';
import { Database } from './database.js';
import { EventRepository } from './event.repository.js';
import { FineTuneJobEntity, IdempotencyKeyEntity } from './entities/fine-tune-job.entities.js';
import type { Transaction } from './transaction.js';

/** The columns that a state move may set beside the state. */
export type JobChange = Partial<
  Pick<StoredFineTuneJob, 'spec' | 'stopReason' | 'result' | 'error' | 'startTime' | 'endTime'>
>;

/** Rows of jobs. A state move is one UPDATE that names the state it leaves, and writes its event. */
@Injectable()
export class FineTuneJobRepository {
  constructor(
    private readonly database: Database,
    private readonly events: EventRepository,
  ) {}

  async insert(
    manager: Transaction,
    job: Pick<
      StoredFineTuneJob,
      'id' | 'project' | 'labels' | 'datasetId' | 'datasetVersion' | 'spec' | 'algorithmVersion'
    > &
      Partial<Pick<StoredFineTuneJob, 'externalId' | 'displayName'>>,
  ): Promise<void> {
    await manager.insert(FineTuneJobEntity, job);
    await this.events.append(manager, job.id, 'JOB_CREATED');
  }

  async find(project: string, id: string): Promise<StoredFineTuneJob | undefined> {
    return (
      (await this.database.entities((manager) => manager.findOneBy(FineTuneJobEntity, { project, id }))) ?? undefined
    );
  }

  /** Finds a job of any project, for the coordinator, which serves all. */
  async findById(id: string): Promise<StoredFineTuneJob | undefined> {
    return (await this.database.entities((manager) => manager.findOneBy(FineTuneJobEntity, { id }))) ?? undefined;
  }

  async findByExternalId(project: string, externalId: string): Promise<StoredFineTuneJob | undefined> {
    return (
      (await this.database.entities((manager) => manager.findOneBy(FineTuneJobEntity, { project, externalId }))) ??
      undefined
    );
  }

  /** Newest first, older than the job `beforeId`. */
  async list(project: string, count: number, beforeId?: string): Promise<StoredFineTuneJob[]> {
    return this.database.entities((manager) =>
      manager.find(FineTuneJobEntity, {
        where: { project, ...(beforeId !== undefined && { id: LessThan(beforeId) }) },
        order: { id: 'DESC' },
        take: count,
      }),
    );
  }

  async findIdempotencyKey(project: string, key: string): Promise<IdempotencyKey | undefined> {
    return (
      (await this.database.entities((manager) => manager.findOneBy(IdempotencyKeyEntity, { project, key }))) ??
      undefined
    );
  }

  /** @returns false when another request has taken the key. */
  async insertIdempotencyKey(manager: Transaction, row: IdempotencyKey): Promise<boolean> {
    const added = await manager.query<unknown[]>(
      `INSERT INTO idempotency_keys (project, key, request_sha256, job_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING job_id`,
      [row.project, row.key, row.requestSha256, row.jobId],
    );
    return added.length === 1;
  }

  /**
   * Moves a job to another state, and writes its event.
   *
   * @param from The state that it must be in; any that may move there when absent.
   * @returns false when the job was in another state; then nothing has changed.
   */
  async move(
    manager: Transaction,
    id: string,
    to: JobState,
    change: JobChange = {},
    from: readonly JobState[] = statesBefore(to),
  ): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(FineTuneJobEntity)
      .set({ ...change, state: to, updateTime: () => 'now()' })
      .where('id = :id AND state IN (:...from)', { id, from })
      .execute();
    if (affected !== 1) return false;
    await this.events.append(manager, id, 'JOB_STATE_CHANGED', {
      state: to,
      ...(change.error !== undefined && { reason: change.error.reason, message: change.error.message }),
    });
    return true;
  }

  /**
   * Stops the clock of a job, and says why: one that is QUEUED has nothing to wait for and is PAUSED at once, one that is
   * RUNNING is PAUSING.
   *
   * @returns false when the job was in another state; then nothing has changed.
   */
  async pause(manager: Transaction, id: string, { reason, message }: Omit<Pause, 'time'>): Promise<boolean> {
    const isPaused =
      (await this.move(manager, id, 'PAUSED', {}, ['QUEUED'])) || (await this.move(manager, id, 'PAUSING'));
    if (!isPaused) return false;
    await manager.query(
      `UPDATE fine_tune_jobs SET active_since = NULL, pause = $2,
              active_seconds = active_seconds + coalesce(extract(epoch FROM now() - active_since), 0)
        WHERE id = $1`,
      [id, { reason, message, time: new Date().toISOString() } satisfies Pause],
    );
    return true;
  }

  /** Queues a paused job again. @returns false when it is not PAUSED. */
  async resume(manager: Transaction, id: string): Promise<boolean> {
    if (!(await this.move(manager, id, 'QUEUED', {}, ['PAUSED']))) return false;
    await manager.query(`UPDATE fine_tune_jobs SET pause = NULL, outage = NULL, outage_since = NULL WHERE id = $1`, [
      id,
    ]);
    return true;
  }

  /** Starts the clock of a running job with the first lease, and again with the first after a pause. */
  async noteLease(id: string): Promise<void> {
    await this.database.query(
      `UPDATE fine_tune_jobs SET active_since = now() WHERE id = $1 AND active_since IS NULL AND state = 'RUNNING'`,
      [id],
    );
  }

  /** Says what keeps the coordinator from its part of a job; `undefined`: nothing does any more. */
  async noteOutage(manager: Transaction, id: string, outage: Failure | undefined): Promise<void> {
    await manager.query(
      `UPDATE fine_tune_jobs SET outage = $2::jsonb, update_time = now(),
              outage_since = CASE WHEN $2::jsonb IS NOT NULL THEN coalesce(outage_since, now()) END
        WHERE id = $1`,
      [id, outage],
    );
  }

  /**
   * Keeps a job in its state until the transaction ends: a cancel has to wait for it.
   *
   * @returns false when the job is in another state by now.
   */
  async hold(manager: Transaction, id: string, state: JobState): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT 1 FROM fine_tune_jobs WHERE id = $1 AND state = $2 FOR NO KEY UPDATE`,
      [id, state],
    );
    return rows.length === 1;
  }

  /**
   * Fixes the runtime of all trainings of a job that is to be BITWISE, unless one has before. Of two at the same time the second waits for
   * the first one's transaction, and finds what that has fixed.
   *
   * @returns the runtime that holds; undefined when the job is not BITWISE, or had ended without one.
   */
  async fixRuntime(manager: Transaction, id: string, runtime: Runtime): Promise<Runtime | undefined> {
    await manager.query(
      `UPDATE fine_tune_jobs SET runtime = $2, update_time = now()
        WHERE id = $1 AND runtime IS NULL AND spec ->> 'reproducibility' = 'BITWISE' AND state <> ALL ($3)`,
      [id, runtime, TERMINAL_JOB_STATES],
    );
    return this.runtime(manager, id);
  }

  /** The runtime of all trainings of a job; undefined as long as none has completed. */
  async runtime(manager: Transaction, id: string): Promise<Runtime | undefined> {
    const rows = await manager.query<{ runtime: Runtime | null }[]>(
      `SELECT runtime FROM fine_tune_jobs WHERE id = $1`,
      [id],
    );
    return rows[0]?.runtime ?? undefined;
  }

  /** Says why the search of a running job ends early. @returns false when that has changed since `job` was read. */
  async stopSearch(
    manager: Transaction,
    { id, stopReason: before }: Pick<StoredFineTuneJob, 'id' | 'stopReason'>,
    stopReason: StopReason,
  ): Promise<boolean> {
    const { affected } = await manager.update(
      FineTuneJobEntity,
      { id, state: 'RUNNING', phase: 'SEARCHING', stopReason: before ?? IsNull() },
      { stopReason, updateTime: () => 'now()' },
    );
    if (affected !== 1) return false;
    await this.events.append(manager, id, 'SEARCH_STOPPED', { stopReason });
    return true;
  }

  /** Enters a phase of a job that the transaction holds in RUNNING. @throws {Error} when it is in another state. */
  async enterPhase(manager: Transaction, id: string, phase: JobPhase): Promise<void> {
    const { affected } = await manager.update(
      FineTuneJobEntity,
      { id, state: 'RUNNING' },
      { phase, updateTime: () => 'now()' },
    );
    if (affected !== 1) throw new Error(`job ${id} is not RUNNING`);
    await this.events.append(manager, id, 'JOB_PHASE_CHANGED', { phase });
  }
}
