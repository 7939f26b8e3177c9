import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import {
  type Artifact,
  type ScoreReport,
  scoreReportSchema,
  type ScoreResult,
  type TestScore,
  type TrainResult,
} from '../../domain/task.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { ObjectStore } from '../../storage/object-store.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { TrialEntity } from '../../storage/postgres/trial.entities.js';
import { TrialRepository, type Training } from '../../storage/postgres/trial.repository.js';
import { type Candidate, Candidates } from '../candidates.js';
import { scoreSpec, type JobContext } from '../job-context.js';
import { isOpen, refuseBadData, TrialSettlement, validationFigure, WORST_FITNESS } from '../trial-settlement.js';

/** One model of a method. */
interface FinalModel {
  readonly seed: number;
  readonly training: TrainResult & { readonly weights: Artifact };
}

/** A final model with what the sealed test split said of it. */
export interface ScoredModel extends FinalModel {
  readonly test: TestScore;
}

/** One method of the finals, with a model for each seed, best on validation first. */
interface Finalist<Model> {
  readonly trial: TrialEntity;
  readonly models: readonly Model[];
}
export type ScoredFinalist = Finalist<ScoredModel>;

function finalModel({ seed, result }: Training): FinalModel[] {
  if (result === undefined || !('train' in result) || result.train.weights === undefined) return [];
  return [{ seed, training: { ...result.train, weights: result.train.weights } }];
}

const scoreKey = ({ method }: TrialEntity, seed: number): string => `score/${method}/${seed}`;

/** Trains one candidate of every method on all training data with fresh seeds, then scores each model once. */
@Injectable()
export class Finals {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly jobs: FineTuneJobRepository,
    private readonly candidates: Candidates,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
    private readonly objects: ObjectStore,
  ) {}

  /** Enters FINALS: a slot for each candidate, in the order given. */
  async start(context: JobContext, entrants: readonly Candidate[]): Promise<void> {
    const { job, leadership } = context;
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.jobs.enterPhase(transaction, job.id, 'FINALS');
      for (const [slot, entrant] of entrants.entries()) {
        const origin = entrant.method === SEARCH_METHOD ? 'FINAL' : 'BASELINE';
        const trial = { phase: 'FINALS', generation: 0, slot, origin, ...entrant } as const;
        await this.candidates.insertAll(transaction, context, [trial], job.spec.finals.seedCount);
      }
    });
  }

  /** Closes what has ended; enters SCORING once every final has. */
  async advance(context: JobContext): Promise<void> {
    const { job, leadership } = context;
    const before = await this.trials.list(job.id, 'FINALS');
    const { closed } = await this.settlement.settle(leadership, before, job.spec.search.biotune.fitness);
    const trials = closed.length > 0 ? await this.trials.list(job.id, 'FINALS') : before;
    if (trials.some(isOpen)) return;
    const finalists = await this.finalists(context);
    if (finalists.length === 0) {
      const reasons = trials
        .map(({ method, infeasibleReason }) => `${method}: ${infeasibleReason ?? 'unknown'}`)
        .join(', ');
      throw new DomainError('SEARCH_SPACE_INFEASIBLE', `No final could be trained (${reasons}).`, { reasons });
    }
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.jobs.enterPhase(transaction, job.id, 'SCORING');
      await this.tasks.insert(
        transaction,
        finalists.flatMap(({ trial, models }) =>
          models.map(({ seed, training }) => ({
            scope: job.id,
            key: scoreKey(trial, seed),
            trialId: trial.id,
            spec: { score: scoreSpec(context, training.weights) },
          })),
        ),
      );
    });
  }

  /** Whether every model has a score, or cannot have one. @throws {DomainError} as `scored`. */
  async areScored(context: JobContext): Promise<boolean> {
    return (await this.scores(context)) !== undefined;
  }

  /**
   * Reads what the test split said of every model.
   *
   * @returns every finalist, best on validation first (equals: the search's winner first); without those of which a model
   *   cannot be scored. Undefined while a score is missing.
   * @throws {DomainError} SEARCH_SPACE_INFEASIBLE when none is left, ARTIFACT_CORRUPT when a report is not as it was.
   */
  async scored(context: JobContext): Promise<ScoredFinalist[] | undefined> {
    const finalists = await this.scores(context);
    if (finalists === undefined) return undefined;
    const scored: ScoredFinalist[] = [];
    for (const { trial, models } of finalists) {
      const withReports: ScoredModel[] = [];
      for (const { score, ...model } of models) {
        const { report, ...figures } = score;
        withReports.push({ ...model, test: { ...figures, ...(await this.report(report)) } });
      }
      scored.push({ trial, models: withReports });
    }
    const fitness = ({ trial }: ScoredFinalist) => trial.fitness ?? WORST_FITNESS;
    return scored.sort((a, b) => fitness(a) - fitness(b) || a.trial.slot - b.trial.slot);
  }

  private async report(artifact: Artifact): Promise<ScoreReport> {
    return scoreReportSchema.parse(JSON.parse((await this.objects.getBlob(artifact)).toString()));
  }

  private async scores(context: JobContext): Promise<Finalist<FinalModel & { score: ScoreResult }>[] | undefined> {
    const tasks = await this.tasks.listByKeyPrefix(context.job.id, 'score/');
    for (const task of tasks) refuseBadData(task);
    if (tasks.some(({ state }) => state === 'queued' || state === 'leased')) return undefined;
    const ofKeys = new Map(
      tasks.flatMap(({ key, result }) => (result && 'score' in result ? [[key, result.score]] : [])),
    );
    const scored = (await this.finalists(context)).flatMap(({ trial, models }) => {
      const withScores = models.flatMap((model) => {
        const score = ofKeys.get(scoreKey(trial, model.seed));
        return score === undefined ? [] : [{ ...model, score }];
      });
      // Means over other seeds than the other methods' would not compare.
      return withScores.length === models.length ? [{ trial, models: withScores }] : [];
    });
    if (scored.length === 0) {
      const reasons = tasks.map(({ key, failure }) => `${key}: ${failure?.reason ?? 'unknown'}`).join(', ');
      throw new DomainError('SEARCH_SPACE_INFEASIBLE', `No final could be scored (${reasons}).`, { reasons });
    }
    return scored;
  }

  private async finalists({ job }: JobContext): Promise<Finalist<FinalModel>[]> {
    const trials = (await this.trials.list(job.id, 'FINALS')).filter(({ state }) => state === 'SUCCEEDED');
    const trainings = await this.trials.trainings(trials.map(({ id }) => id));
    const figure = ({ training }: FinalModel) => validationFigure(training, job.spec.search.biotune.fitness);
    return trials.map((trial) => ({
      trial,
      models: trainings
        .filter(({ trialId }) => trialId === trial.id)
        .flatMap(finalModel)
        .sort((a, b) => figure(b) - figure(a) || a.seed - b.seed),
    }));
  }
}
