import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Failure } from '../../domain/dataset.js';
import { newId } from '../../domain/ids.js';
import type { TaskResult, TaskState } from '../../domain/task.js';
import type { MetricPoint, SeedResult, TrialPhase } from '../../domain/trial.js';
import { TaskEntity } from './task.entities.js';
import { TrialEntity } from './trial.entities.js';
import type { Transaction } from './transaction.js';

/** A trial's place in its job. */
export type TrialPlace = Pick<TrialEntity, 'phase' | 'generation' | 'slot'>;

/** A trial to insert. */
export type NewTrial = TrialPlace &
  Pick<TrialEntity, 'origin' | 'method' | 'lrMultipliers'> &
  Partial<Pick<TrialEntity, 'genes' | 'threshold' | 'fold' | 'state' | 'infeasibleReason' | 'fitness'>>;

/** One training of a trial, as its task's row tells. */
export interface Training {
  readonly trialId: string;
  readonly seed: number;
  readonly state: TaskState;
  readonly result?: TaskResult;
  readonly failure?: Failure;
}

/** How many trials of a job are in which state. */
export interface TrialCount {
  readonly jobId: string;
  readonly phase: TrialPhase;
  readonly generation: number;
  readonly state: TrialEntity['state'];
  readonly count: number;
}

/** Trainings of a job that have ended well, and the seconds they took. */
export interface TrainingTotals {
  readonly jobId: string;
  readonly searchCount: number;
  readonly finalCount: number;
  readonly seconds: number;
}

/** Trials and their trainings. */
@Injectable()
export class TrialRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Inserts a trial unless its place is taken, within the caller's transaction.
   *
   * @returns the trial that stands in the place, new or old, so that the caller can compare them.
   */
  async insert(manager: Transaction, jobId: string, trial: NewTrial): Promise<TrialEntity> {
    const ended = trial.fitness === undefined ? {} : { endTime: new Date() };
    await manager
      .createQueryBuilder()
      .insert()
      .into(TrialEntity)
      .values({ ...trial, ...ended, id: newId('trl'), jobId })
      .orIgnore()
      .execute();
    const { phase, generation, slot } = trial;
    return manager.findOneByOrFail(TrialEntity, { jobId, phase, generation, slot });
  }

  /** Trials of one phase, by generation and slot. */
  async list(jobId: string, phase: TrialPhase): Promise<TrialEntity[]> {
    return this.dataSource
      .getRepository(TrialEntity)
      .find({ where: { jobId, phase }, order: { generation: 'ASC', slot: 'ASC' } });
  }

  /** Trials of both phases after a place: the search's first, then the finals, each by generation and slot. */
  async page(jobId: string, count: number, after?: TrialPlace): Promise<TrialEntity[]> {
    const query = this.dataSource
      .getRepository(TrialEntity)
      .createQueryBuilder('trial')
      .where('trial.jobId = :jobId', { jobId })
      .orderBy('trial.phase', 'DESC')
      .addOrderBy('trial.generation')
      .addOrderBy('trial.slot')
      .limit(count);
    if (after !== undefined) {
      query.andWhere(
        `(trial.phase < :phase OR trial.phase = :phase AND (trial.generation, trial.slot) > (:generation, :slot))`,
        after,
      );
    }
    return query.getMany();
  }

  async find(jobId: string, id: string): Promise<TrialEntity | undefined> {
    return (await this.dataSource.getRepository(TrialEntity).findOneBy({ jobId, id })) ?? undefined;
  }

  /** The trial of each job's search with the lowest fitness; the earliest one of equals. */
  async best(jobIds: readonly string[]): Promise<TrialEntity[]> {
    if (jobIds.length === 0) return [];
    return this.dataSource
      .getRepository(TrialEntity)
      .createQueryBuilder('trial')
      .distinctOn(['trial.jobId'])
      .where(`trial.jobId IN (:...jobIds) AND trial.phase = 'SEARCH' AND trial.state = 'SUCCEEDED'`, { jobIds })
      .orderBy('trial.jobId')
      .addOrderBy('trial.fitness')
      .addOrderBy('trial.generation')
      .addOrderBy('trial.slot')
      .getMany();
  }

  /** Trainings of the given trials, by seed order of their tasks. */
  async trainings(trialIds: readonly string[]): Promise<Training[]> {
    if (trialIds.length === 0) return [];
    const tasks = await this.dataSource
      .getRepository(TaskEntity)
      .createQueryBuilder('task')
      // Without the spec, which names every shard of the data.
      .select(['task.id', 'task.trialId', 'task.seed', 'task.state', 'task.result', 'task.failure'])
      .where('task.trialId IN (:...trialIds) AND task.seed IS NOT NULL', { trialIds })
      .orderBy('task.key')
      .getMany();
    return tasks.flatMap(({ trialId, seed, state, result, failure }) =>
      trialId === undefined || seed === undefined
        ? []
        : [{ trialId, seed, state, ...(result && { result }), ...(failure && { failure }) }],
    );
  }

  /** Closes an open trial. @returns false when it was closed already. */
  async close(
    manager: Transaction,
    id: string,
    change: Pick<TrialEntity, 'state'> & Partial<Pick<TrialEntity, 'fitness' | 'infeasibleReason'>>,
  ): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(TrialEntity)
      .set({ ...change, endTime: () => 'now()' })
      .where(`id = :id AND state IN ('QUEUED', 'RUNNING')`, { id })
      .execute();
    return affected === 1;
  }

  /** Closes every open trial of a job as CANCELLED. */
  async cancelOpen(manager: Transaction, jobId: string): Promise<void> {
    await manager.query(
      `UPDATE trials SET state = 'CANCELLED', end_time = now() WHERE job_id = $1 AND state IN ('QUEUED', 'RUNNING')`,
      [jobId],
    );
  }

  /** For the progress of several jobs at once. */
  async count(jobIds: readonly string[]): Promise<TrialCount[]> {
    return this.dataSource.query<TrialCount[]>(
      `SELECT job_id AS "jobId", phase, generation, state, count(*)::int AS count FROM trials
        WHERE job_id = ANY ($1) GROUP BY job_id, phase, generation, state`,
      [jobIds],
    );
  }

  /** For the time left of several jobs at once. */
  async trainingTotals(jobIds: readonly string[]): Promise<TrainingTotals[]> {
    return this.dataSource.query<TrainingTotals[]>(
      `SELECT r.job_id AS "jobId", count(*) FILTER (WHERE r.phase = 'SEARCH')::int AS "searchCount",
              count(*) FILTER (WHERE r.phase = 'FINALS')::int AS "finalCount",
              coalesce(sum((t.result -> 'train' ->> 'trainSeconds')::float8), 0) AS seconds
         FROM trials r JOIN tasks t ON t.trial_id = r.id
        WHERE r.job_id = ANY ($1) AND t.state = 'succeeded' AND t.seed IS NOT NULL GROUP BY r.job_id`,
      [jobIds],
    );
  }

  /** Curves of a trial's trainings: the values of the lease that completed, or of the one that runs. */
  async metricPoints(trial: { readonly id: string; readonly name: string }): Promise<MetricPoint[]> {
    const rows = await this.dataSource.query<{ seed: string; name: string; epoch: number; value: number }[]>(
      `SELECT t.seed, p.name, p.epoch, p.value FROM tasks t JOIN metric_points p ON p.task_id = t.id AND p.fence = t.fence
        WHERE t.trial_id = $1 ORDER BY t.key, p.epoch, p.name`,
      [trial.id],
    );
    return rows.map(({ seed, name, epoch, value }) => ({ trial: trial.name, seed: Number(seed), name, epoch, value }));
  }
}

/** The result of a training that has ended well. */
export function seedResult({ seed, result }: Training): SeedResult | undefined {
  if (result === undefined || !('train' in result)) return undefined;
  const { weights: _weights, runtime: _runtime, execution: _execution, ...figures } = result.train;
  return { seed, ...figures };
}
