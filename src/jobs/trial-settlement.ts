import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import { endsJob } from '../domain/fault-policy.js';
import type { BiotuneConfig } from '../domain/fine-tune-job.js';
import type { SeedResult } from '../domain/trial.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { LeadershipRepository, type Leadership } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { seedResult, TrialRepository, type Training } from '../storage/postgres/trial.repository.js';

/** Fitness of a genome that cannot be trained: the worst there is. */
export const WORST_FITNESS = 1;

const VALIDATION_FIGURES = {
  MACRO_ACCURACY: 'validationMacroAccuracy',
  ACCURACY: 'validationAccuracy',
  MACRO_F1: 'validationMacroF1',
} as const satisfies Record<BiotuneConfig['fitness'], keyof SeedResult>;

/** The validation figure that a job's fitness is 1 minus of. */
export const validationFigure = (
  result: Pick<SeedResult, (typeof VALIDATION_FIGURES)[BiotuneConfig['fitness']]>,
  fitness: BiotuneConfig['fitness'],
): number => result[VALIDATION_FIGURES[fitness]];

/** Whether a trial still has trainings to come. */
export const isOpen = ({ state }: TrialEntity): boolean => state === 'QUEUED' || state === 'RUNNING';

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a trial came to; undefined while one of its trainings is still to end. */
function outcome(
  trainings: readonly Training[],
  figure: BiotuneConfig['fitness'],
): Pick<TrialEntity, 'state' | 'fitness' | 'infeasibleReason'> | undefined {
  const infeasible = trainings.find(({ state }) => state === 'infeasible');
  if (infeasible !== undefined) {
    const infeasibleReason = infeasible.failure?.reason ?? 'INTERNAL';
    return { state: 'INFEASIBLE', fitness: WORST_FITNESS, infeasibleReason };
  }
  const results = trainings.flatMap((training) => seedResult(training) ?? []);
  if (results.length === 0 || results.length < trainings.length) return undefined;
  const figures = results.map((result) => validationFigure(result, figure));
  return { state: 'SUCCEEDED', fitness: 1 - mean(figures) };
}

/** Turns ended trainings into the fitness of their trials. */
@Injectable()
export class TrialSettlement {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
  ) {}

  /**
   * Closes every trial of `open` whose trainings have ended, each in a transaction of its own.
   *
   * @returns whether a trial was closed.
   * @throws {DomainError} DATASET_CHANGED and the like when the data is not what was imported.
   */
  async settle(
    leadership: Leadership,
    trials: readonly TrialEntity[],
    figure: BiotuneConfig['fitness'],
  ): Promise<boolean> {
    const open = trials.filter(isOpen);
    const trainings = await this.trials.trainings(open.map(({ id }) => id));
    let closedAny = false;
    for (const trial of open) {
      const mine = trainings.filter(({ trialId }) => trialId === trial.id);
      for (const training of mine) refuseBadData(training);
      const change = outcome(mine, figure);
      if (change === undefined) continue;
      await this.close(leadership, trial, change);
      closedAny = true;
    }
    return closedAny;
  }

  private async close(
    leadership: Leadership,
    trial: TrialEntity,
    change: Pick<TrialEntity, 'state' | 'fitness' | 'infeasibleReason'>,
  ): Promise<void> {
    await this.leaderships.fenced(leadership, async (transaction) => {
      if (!(await this.trials.close(transaction, trial.id, change))) return;
      // One bad seed decides; the others would only cost time.
      if (change.state === 'INFEASIBLE') await this.tasks.cancelQueued(transaction, trial.jobId, trial.id);
      await this.tell(transaction, trial, change);
    });
  }

  /** Writes the event of a trial that has its outcome. */
  async tell(
    transaction: Transaction,
    trial: TrialEntity,
    { state, fitness }: Pick<TrialEntity, 'state' | 'fitness'>,
  ): Promise<void> {
    await this.events.append(transaction, trial.jobId, 'TRIAL_COMPLETED', {
      trial: trial.id,
      phase: trial.phase,
      method: trial.method,
      generation: String(trial.generation),
      slot: String(trial.slot),
      state,
      fitness: String(fitness),
    });
  }
}

/**
 * Faults of the data end the job; they are never a genome's fitness.
 *
 * @throws {DomainError} as the task that ran into one has reported it.
 */
export function refuseBadData({ state, failure }: Pick<Training, 'state' | 'failure'>): void {
  if (state !== 'infeasible' || failure === undefined || !endsJob(failure.reason)) return;
  throw new DomainError(failure.reason, failure.message, failure.metadata);
}
