import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import { figureOf, isValidated } from '../../domain/job/evaluation.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import { type Method, SOUP_METHOD } from '../../methods/method-table.js';
import type { Artifact } from '../../domain/artifact.js';
import { type ScoreReport, scoreReportSchema, type ScoreResult } from '../../domain/task.js';
import type { FinalModel, Finalist, ScoredFinalist, ValidatedModel } from '../../report/finalist.js';
import { contendersOf } from '../../report/retrained-method.js';
import { ObjectStore } from '../../storage/object-store.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import type { JobContext } from '../job-context.js';
import { PredictionFiles } from './prediction-files.js';
import { Soups } from './soups.js';
import { refuseBadData } from './trial-settlement.js';

/** Names the task that scores a method's model of a seed. */
export const scoreKey = (method: Method, seed: number): string => `score/${method}/${seed}`;

/** The models that the finals of a job have made, and what the test split said of them. */
@Injectable()
export class FinalModels {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly objects: ObjectStore,
    private readonly predictions: PredictionFiles,
    private readonly soups: Soups,
  ) {}

  /** The methods that could be trained, with a model for each seed, in the order that `Finalist` tells. */
  async trained(context: JobContext): Promise<Finalist<FinalModel>[]> {
    const { job } = context;
    const trials = (await this.trials.list(job.id, 'FINALS')).filter(({ state }) => state === 'SUCCEEDED');
    const trainings = groupBy(await this.trials.trainings(trials.map(({ id }) => id)), ({ trialId }) => trialId);
    const { evaluation, finals } = job.spec;
    const figure = ({ training }: FinalModel) =>
      finals.division === 'FIXED' && isValidated(training) ? figureOf(training, evaluation) : 0;
    return Promise.all(
      trials.map(async (trial) => {
        const models = await this.modelsOf(context, trial, trainings.get(trial.id) ?? []);
        return { trial, models: models.sort((a, b) => figure(b) - figure(a) || a.seed - b.seed) };
      }),
    );
  }

  private async modelsOf(
    context: JobContext,
    trial: StoredTrial,
    trainings: readonly Training[],
  ): Promise<FinalModel[]> {
    return trial.method === SOUP_METHOD ? this.soups.models(context, trial, trainings) : trainings.flatMap(modelOf);
  }

  /**
   * Reads the scores of all models, without their reports.
   *
   * @returns undefined while a score is missing; without the methods of which a model cannot be scored.
   * @throws {DomainError} SEARCH_SPACE_INFEASIBLE when none is left that was validated, or the fault of the data that a task has met.
   */
  async scores(context: JobContext): Promise<Finalist<FinalModel & { readonly score: ScoreResult }>[] | undefined> {
    const tasks = await this.tasks.listByKeyPrefix(context.job.id, 'score/');
    for (const task of tasks) refuseBadData(task);
    if (tasks.some(({ state }) => state === 'queued' || state === 'leased')) return undefined;
    const byKey = new Map(
      tasks.flatMap(({ key, result }) => (result && 'score' in result ? [[key, result.score]] : [])),
    );
    const scored = (await this.trained(context)).flatMap(({ trial, models }) => {
      const withScores = models.flatMap((model) => {
        const score = byKey.get(scoreKey(trial.method, model.seed));
        return score === undefined ? [] : [{ ...model, score }];
      });
      // Means over other seeds than the other methods' would not compare.
      return withScores.length === models.length ? [{ trial, models: withScores }] : [];
    });
    if (contendersOf(scored).contenders.length > 0) return scored;
    const reasons = tasks.map(({ key, failure }) => `${key}: ${failure?.reason ?? 'unknown'}`).join(', ');
    throw new DomainError('SEARCH_SPACE_INFEASIBLE', `No final could be scored (${reasons}).`, { reasons });
  }

  /**
   * Reads what the test split said of every model, and what each takes its validation images for.
   *
   * @returns every finalist, the best by its fitness first (equals: the search's winner first); without those of which a model
   *   cannot be scored. Undefined while a score is missing.
   * @throws {DomainError} as `scores`; ARTIFACT_CORRUPT when a report is not as it was.
   */
  async scored(context: JobContext): Promise<ScoredFinalist[] | undefined> {
    const finalists = await this.scores(context);
    if (finalists === undefined) return undefined;
    const scored: ScoredFinalist[] = [];
    for (const { trial, models } of await this.withPredictions(finalists)) {
      const withReports: ScoredFinalist['models'][number][] = [];
      for (const { score, ...model } of models) {
        const { report, ...figures } = score;
        withReports.push({ ...model, test: { ...figures, ...(await this.report(report)) } });
      }
      scored.push({ trial, models: withReports });
    }
    return scored;
  }

  /** The finalists before anything is known of the test split, in the order of `scored`. */
  async validated(context: JobContext): Promise<Finalist<ValidatedModel>[]> {
    return this.withPredictions(await this.trained(context));
  }

  /** Reads the predictions of all models, and puts the finalists in the order that `scored` tells. */
  private async withPredictions<Model extends FinalModel>(
    finalists: readonly Finalist<Model>[],
  ): Promise<Finalist<Model & ValidatedModel>[]> {
    const found: Finalist<Model & ValidatedModel>[] = [];
    for (const { trial, models } of finalists) {
      const withPredictions: (Model & ValidatedModel)[] = [];
      for (const model of models) {
        const { predictions } = model.training;
        const validation = predictions && (await this.predictions.read(predictions));
        withPredictions.push({ ...model, ...(validation !== undefined && { validation }) });
      }
      found.push({ trial, models: withPredictions });
    }
    const fitness = ({ trial }: Finalist<Model>) => trial.fitness ?? Infinity;
    return found.sort((a, b) => fitness(a) - fitness(b) || a.trial.slot - b.trial.slot);
  }

  private async report(artifact: Artifact): Promise<ScoreReport> {
    return scoreReportSchema.parse(JSON.parse((await this.objects.getBlob(artifact)).toString()));
  }
}

function modelOf({ seed, result }: Training): FinalModel[] {
  if (result === undefined || !('train' in result) || result.train.weights === undefined) return [];
  return [{ seed, training: { ...result.train, weights: result.train.weights } }];
}
