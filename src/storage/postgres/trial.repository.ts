import { Injectable } from '@nestjs/common';
import { newId } from '../../domain/ids.js';
import type { RuntimeUse } from '../../domain/job/job-result.js';
import { METHODS, type Method, SEARCH_METHOD } from '../../methods/method-table.js';
import {
  OPEN_TRIAL_STATES,
  TRIAL_PHASES,
  type MetricPoint,
  type NewTrial,
  type SeedResult,
  type StoredTrial,
  type TrainingTotals,
  type TrialPhase,
  type TrialPlace,
} from '../../domain/job/trial.js';
import { oneOf } from './entities/checks.js';
import { Database } from './database.js';
import { TaskEntity } from './entities/task.entities.js';
import { TrialEntity } from './entities/trial.entities.js';
import { joinParts, type Training } from './training-parts.js';
import type { Transaction } from './transaction.js';

/** What an open trial came to. */
export type TrialOutcome = Pick<StoredTrial, 'id' | 'state'> &
  Partial<Pick<StoredTrial, 'fitness' | 'infeasibleReason' | 'pruning'>>;

/** How many trials of a job are in which state. */
export interface TrialCount {
  readonly jobId: string;
  readonly phase: TrialPhase;
  readonly method: Method;
  readonly generation: number;
  readonly state: StoredTrial['state'];
  readonly count: number;
  /** What their trainings have done up to rungs, in whole trials; 0 of trials that have ended, which are done. */
  readonly doneShare: number;
}

/** Trials that are read at a time. */
const PIECE_COUNT = 1000;

/** SQL: the place of a trial's phase in a job's life. */
const PHASE_ORDER = `array_position(ARRAY[${TRIAL_PHASES.map((phase) => `'${phase}'`).join(', ')}], trial.phase)`;

const isOpen = (state: string): string => oneOf(state, OPEN_TRIAL_STATES);

const CLOSE = `UPDATE trials t SET state = o.state, fitness = o.fitness, infeasible_reason = o."infeasibleReason",
         pruning = o.pruning, end_time = now()
  FROM jsonb_to_recordset($1::jsonb) AS o (id text, state text, fitness float8, "infeasibleReason" text, pruning jsonb)
  WHERE t.id = o.id AND ${isOpen('t.state')}`;

const WITH_ENDED_TRAINING = `SELECT r.id FROM trials r WHERE r.job_id = $1 AND r.phase = $2 AND ${isOpen('r.state')}
  AND EXISTS (SELECT FROM tasks t WHERE t.trial_id = r.id AND t.state IN ('succeeded', 'infeasible'))`;

const CANCEL_OPEN = `UPDATE trials SET state = 'CANCELLED', end_time = now()
  WHERE job_id = $1 AND ${isOpen('state')} AND method = ANY ($2) RETURNING id`;

/** The part of its epochs that a running trial has come to at rungs, the mean over its seeds. */
const DONE_SHARE = `(SELECT avg(share) FROM (
    SELECT coalesce(max((t.spec #>> '{train,pauseAfterEpochCount}')::float8 / (t.spec #>> '{train,training,epochCount}')::float8)
             FILTER (WHERE t.state = 'succeeded'), 0) AS share
      FROM tasks t WHERE t.trial_id = r.id AND r.state = 'RUNNING' GROUP BY t.seed) seeds)`;

const COUNT = `SELECT r.job_id AS "jobId", r.phase, r.method, r.generation, r.state, count(*)::int AS count,
         coalesce(sum(${DONE_SHARE}), 0)::float8 AS "doneShare"
    FROM trials r WHERE r.job_id = ANY ($1) GROUP BY r.job_id, r.phase, r.method, r.generation, r.state`;

/** Trials and their trainings. */
@Injectable()
export class TrialRepository {
  constructor(private readonly database: Database) {}

  /**
   * Inserts trials of one phase and method unless their places are taken, within the caller's transaction.
   *
   * @returns the trials that stand in the places, new or old, by generation and slot, so that the caller can compare them.
   */
  async insertAll(manager: Transaction, jobId: string, trials: readonly NewTrial[]): Promise<StoredTrial[]> {
    const [first] = trials;
    if (first === undefined) return [];
    await manager.query(
      `INSERT INTO trials (id, job_id, phase, method, generation, slot, origin, lr_multipliers, settings, genes, threshold, fold,
                           state, infeasible_reason, fitness, reused_trial_id, retrained_trial_id, end_time)
       SELECT id, $1, phase, method, generation, slot, origin, "lrMultipliers", settings, genes, threshold, fold,
              coalesce(state, 'QUEUED'), "infeasibleReason", fitness, "reusedTrialId", "retrainedTrialId",
              CASE WHEN fitness IS NOT NULL THEN now() END
         FROM jsonb_to_recordset($2::jsonb) AS r (id text, phase text, method text, generation int, slot int, origin text,
              "lrMultipliers" float8[], settings jsonb, genes float8[], threshold float8, fold int, state text, "infeasibleReason" text,
              fitness float8, "reusedTrialId" text, "retrainedTrialId" text)
       ON CONFLICT (job_id, phase, method, generation, slot) DO NOTHING`,
      [jobId, JSON.stringify(trials.map((trial) => ({ ...trial, id: newId('trl') })))],
    );
    return manager
      .createQueryBuilder(TrialEntity, 'trial')
      .where('trial.jobId = :jobId AND trial.phase = :phase AND trial.method = :method', { ...first, jobId })
      .andWhere(
        '(trial.generation, trial.slot) IN (SELECT * FROM unnest(CAST(:generations AS int[]), CAST(:slots AS int[])))',
        { generations: trials.map(({ generation }) => generation), slots: trials.map(({ slot }) => slot) },
      )
      .orderBy('trial.generation')
      .addOrderBy('trial.slot')
      .getMany();
  }

  /** Trials of one phase, by generation, slot and method; read in pieces, so that other work goes on meanwhile. */
  async list(jobId: string, phase: TrialPhase): Promise<StoredTrial[]> {
    const trials: StoredTrial[] = [];
    let piece: StoredTrial[];
    do {
      piece = await this.piece(jobId, phase, trials.at(-1));
      trials.push(...piece);
    } while (piece.length === PIECE_COUNT);
    return trials.sort((a, b) => a.generation - b.generation || a.slot - b.slot || (a.method < b.method ? -1 : 1));
  }

  /** Trials after a place: phase after phase, each by generation, slot and method. */
  async page(jobId: string, count: number, after?: TrialPlace): Promise<StoredTrial[]> {
    return this.database.entities((manager) => {
      const query = manager
        .createQueryBuilder(TrialEntity, 'trial')
        .where('trial.jobId = :jobId', { jobId })
        .orderBy(PHASE_ORDER)
        .addOrderBy('trial.generation')
        .addOrderBy('trial.slot')
        .addOrderBy('trial.method')
        .limit(count);
      if (after !== undefined) {
        query.andWhere(
          `(${PHASE_ORDER}, trial.generation, trial.slot, trial.method) > (:order, :generation, :slot, :method)`,
          {
            ...after,
            order: TRIAL_PHASES.indexOf(after.phase) + 1,
          },
        );
      }
      return query.getMany();
    });
  }

  async find(jobId: string, id: string): Promise<StoredTrial | undefined> {
    return (await this.database.entities((manager) => manager.findOneBy(TrialEntity, { jobId, id }))) ?? undefined;
  }

  /** The trial of each job's search with the lowest fitness; the earliest one of equals. */
  async best(jobIds: readonly string[]): Promise<StoredTrial[]> {
    if (jobIds.length === 0) return [];
    return this.database.entities((manager) =>
      manager
        .createQueryBuilder(TrialEntity, 'trial')
        .distinctOn(['trial.jobId'])
        .where(
          `trial.jobId IN (:...jobIds) AND trial.phase = 'SEARCH' AND trial.method = :method AND trial.state = 'SUCCEEDED'`,
          { jobIds, method: SEARCH_METHOD },
        )
        .orderBy('trial.jobId')
        .addOrderBy('trial.fitness')
        .addOrderBy('trial.generation')
        .addOrderBy('trial.slot')
        .getMany(),
    );
  }

  /** Trainings of the given trials, by seed order of their tasks; the key of a part follows that of the part before it. */
  async trainings(trialIds: readonly string[]): Promise<Training[]> {
    if (trialIds.length === 0) return [];
    const tasks = await this.database.entities((manager) =>
      manager
        .createQueryBuilder(TaskEntity, 'task')
        // Without the spec, which names every shard of the data.
        .select(['task.id', 'task.trialId', 'task.seed', 'task.state', 'task.result', 'task.failure'])
        .where('task.trialId = ANY (:trialIds) AND task.seed IS NOT NULL', { trialIds })
        .orderBy('task.key')
        .getMany(),
    );
    const parts = tasks.flatMap(({ trialId, seed, state, result, failure }) =>
      trialId === undefined || seed === undefined
        ? []
        : [{ trialId, seed, state, ...(result && { result }), ...(failure && { failure }) }],
    );
    return joinParts(parts);
  }

  /** Closes those of the given trials that are open, with the outcome that each of them holds. @returns how many. */
  async close(manager: Transaction, trials: readonly TrialOutcome[]): Promise<number> {
    const outcomes = trials.map(({ id, state, fitness, infeasibleReason, pruning }) => ({
      id,
      state,
      fitness,
      infeasibleReason,
      pruning,
    }));
    const [, count] = await manager.query<[unknown[], number]>(CLOSE, [JSON.stringify(outcomes)]);
    return count;
  }

  /** Open trials of a phase of which a training has ended, in no order. */
  async withEndedTraining(jobId: string, phase: TrialPhase): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(WITH_ENDED_TRAINING, [jobId, phase]);
    return rows.map(({ id }) => id);
  }

  /** Closes the open trials of a job as CANCELLED: all, or those of some methods. */
  async cancelOpen(manager: Transaction, jobId: string, methods: readonly Method[] = METHODS): Promise<string[]> {
    const rows = await manager.query<[{ id: string }[], number]>(CANCEL_OPEN, [jobId, methods]);
    return rows[0].map(({ id }) => id);
  }

  /** Counts the trials of several jobs at once, for their progress. */
  async count(jobIds: readonly string[]): Promise<TrialCount[]> {
    return this.database.query<TrialCount[]>(COUNT, [jobIds]);
  }

  /** Seconds that the trainings of each trial of a phase took, those that have ended well. */
  async trainSeconds(jobId: string, phase: TrialPhase): Promise<Map<string, number>> {
    const rows = await this.database.query<{ id: string; seconds: number }[]>(
      `SELECT r.id, sum((t.result -> 'train' ->> 'trainSeconds')::float8) AS seconds
         FROM trials r JOIN tasks t ON t.trial_id = r.id
        WHERE r.job_id = $1 AND r.phase = $2 AND t.state = 'succeeded' AND t.kind = 'TRAIN' GROUP BY r.id`,
      [jobId, phase],
    );
    return new Map(rows.map(({ id, seconds }) => [id, seconds]));
  }

  /** Sums up the trainings of several jobs at once, and their soups, for their cost. */
  async trainingTotals(jobIds: readonly string[]): Promise<TrainingTotals[]> {
    return this.database.query<TrainingTotals[]>(
      `SELECT r.job_id AS "jobId", r.phase, r.method, (count(DISTINCT (r.id, t.seed)) FILTER (WHERE t.kind = 'TRAIN'))::int AS "trainingCount",
              coalesce(sum((t.result -> 'train' ->> 'epochCount')::float8), 0) AS "epochCount",
              sum((coalesce(t.result -> 'train', t.result -> 'soup') ->> 'multiplyAccumulates')::float8) AS "multiplyAccumulates",
              sum(coalesce(t.result -> 'train' ->> 'trainSeconds', t.result -> 'soup' ->> 'soupSeconds')::float8) AS "trainSeconds"
         FROM trials r JOIN tasks t ON t.trial_id = r.id
        WHERE r.job_id = ANY ($1) AND t.state = 'succeeded' AND t.seed IS NOT NULL AND t.kind IN ('TRAIN', 'SOUP')
        GROUP BY r.job_id, r.phase, r.method`,
      [jobIds],
    );
  }

  /** What the trainings of a job that have ended well ran on, the most used first. */
  async runtimes(jobId: string): Promise<RuntimeUse[]> {
    return this.database.query<RuntimeUse[]>(
      `SELECT t.result -> 'train' -> 'runtime' AS runtime, count(DISTINCT (t.trial_id, t.seed))::int AS "trainingCount"
         FROM tasks t WHERE t.scope = $1 AND t.state = 'succeeded' AND t.kind = 'TRAIN'
        GROUP BY 1 ORDER BY 2 DESC, 1`,
      [jobId],
    );
  }

  /** How fast trainings of a base model have been at an image size, over the latest thousand; undefined without one. */
  async multiplyAccumulatesPerSecond(baseModel: string, imageSizePx: number): Promise<number | undefined> {
    const rows = await this.database.query<{ speed: number | null }[]>(
      `SELECT sum(work) / nullif(sum(seconds), 0) AS speed FROM (
         SELECT (t.result -> 'train' ->> 'multiplyAccumulates')::float8 AS work,
                (t.result -> 'train' ->> 'trainSeconds')::float8 AS seconds
           FROM fine_tune_jobs j JOIN tasks t ON t.scope = j.id
          WHERE j.spec ->> 'baseModel' = $1 AND (t.spec #>> '{train,network,imageSizePx}')::int = $2
            AND t.state = 'succeeded' AND t.kind = 'TRAIN'
          ORDER BY t.end_time DESC LIMIT 1000) latest`,
      [baseModel, imageSizePx],
    );
    return rows[0]?.speed ?? undefined;
  }

  /**
   * Curves of a trial's trainings, by seed, epoch and name: the values of the lease that completed, or of the one that runs;
   * those of the earlier part where a later one had to begin anew.
   *
   * @param after The points after this one, at most `count`.
   */
  async metricPoints(
    trial: { readonly id: string; readonly name: string },
    count: number,
    after?: Pick<MetricPoint, 'seed' | 'epoch' | 'name'>,
  ): Promise<MetricPoint[]> {
    const rows = await this.database.query<{ seed: string; name: string; epoch: number; value: number }[]>(
      `SELECT DISTINCT ON (t.seed, p.epoch, p.name) t.seed, p.name, p.epoch, p.value
         FROM tasks t JOIN metric_points p ON p.task_id = t.id AND p.fence = t.fence
        WHERE t.trial_id = $1 AND ($3::bigint IS NULL OR (t.seed, p.epoch, p.name) > ($3, $4, $5))
        ORDER BY t.seed, p.epoch, p.name, t.key LIMIT $2`,
      [trial.id, count, after?.seed, after?.epoch, after?.name],
    );
    return rows.map(({ seed, name, epoch, value }) => ({ trial: trial.name, seed: Number(seed), name, epoch, value }));
  }

  private piece(
    jobId: string,
    phase: TrialPhase,
    after?: Pick<StoredTrial, 'method' | 'generation' | 'slot'>,
  ): Promise<StoredTrial[]> {
    return this.database.entities((manager) => {
      const query = manager
        .createQueryBuilder(TrialEntity, 'trial')
        .where('trial.jobId = :jobId AND trial.phase = :phase', { jobId, phase })
        .orderBy('trial.method')
        .addOrderBy('trial.generation')
        .addOrderBy('trial.slot')
        .limit(PIECE_COUNT);
      if (after !== undefined) {
        query.andWhere('(trial.method, trial.generation, trial.slot) > (:method, :generation, :slot)', { ...after });
      }
      return query.getMany();
    });
  }
}

/** The result of a training that has ended well, or so far of one that has paused; or of a soup, which has no epochs. */
export function seedResult({ seed, result }: Training): SeedResult | undefined {
  if (result !== undefined && 'soup' in result) {
    const { weights: _weights, predictions: _predictions, tries: _tries, soupSeconds, ...figures } = result.soup;
    return { seed, epochCount: 0, ...figures, trainSeconds: soupSeconds };
  }
  if (result === undefined || !('train' in result)) return undefined;
  const {
    weights: _weights,
    predictions: _predictions,
    checkpoint: _checkpoint,
    lastValidationLoss: _loss,
    validationImageCount: _imageCount,
    stageBestEpochs: _stages,
    ...figures
  } = result.train;
  return { seed, ...figures };
}
