import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { FinalModels, scoreKey } from '../trials/final-models.js';
import { scoreSpec, type JobContext } from '../job-context.js';
import type { Phase, PhaseStep, Write } from './phase.js';

/** Scores each model of the finals once on the sealed test split. */
@Injectable()
export class Scoring implements Phase {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly models: FinalModels,
  ) {}

  /** @throws {DomainError} SEARCH_SPACE_INFEASIBLE when no final could be trained. */
  async enter(context: JobContext): Promise<Write> {
    const finalists = await this.models.trained(context);
    if (finalists.length === 0) throw await this.nothingToScore(context);
    const tasks = finalists.flatMap(({ trial, models }) =>
      models.map(({ seed, training }) => ({
        scope: context.job.id,
        key: scoreKey(trial.method, seed),
        trialId: trial.id,
        spec: { score: scoreSpec(context, trial, training.weights) },
      })),
    );
    return (transaction) => this.tasks.insert(transaction, tasks);
  }

  /** Waits until every model has a score, or cannot have one. @throws {DomainError} as `FinalModels.scores`. */
  async advance(context: JobContext): Promise<PhaseStep> {
    if ((await this.models.scores(context)) === undefined) return { then: 'REST' };
    // What a dropped training still adds to the cost would make a repeat of the publishing write other bytes.
    return { then: (await this.tasks.hasLeased(context.job.id)) ? 'REPEAT' : 'DONE' };
  }

  private async nothingToScore({ job }: JobContext): Promise<DomainError> {
    const trials = await this.trials.list(job.id, 'FINALS');
    const reasons = trials
      .map(({ method, infeasibleReason }) => `${method}: ${infeasibleReason ?? 'unknown'}`)
      .join(', ');
    return new DomainError('SEARCH_SPACE_INFEASIBLE', `No final could be trained (${reasons}).`, { reasons });
  }
}
