import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { endsJob } from '../../domain/reasons.js';
import { worstFitness } from '../../domain/job/evaluation.js';
import { groupBy } from '../../domain/group-by.js';
import { isOpen, type StoredTrial, type TrialPhase } from '../../domain/job/trial.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { LeadershipRepository, type Leadership } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import type { JobContext } from '../job-context.js';
import { hasEndedWell } from './rung-losses.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { TrialFitness } from './trial-fitness.js';

/** Trials that are closed in one transaction. */
const CLOSING_COUNT = 200;

/** What a look at some trials has come to. */
export interface Settled {
  /** The trials that were closed, in the order given, as their rows now are but for the time. */
  readonly closed: readonly StoredTrial[];
  /** The trainings of each trial that was looked at, by its id. */
  readonly trainings: ReadonlyMap<string, readonly Training[]>;
}

/** Turns ended trainings into the fitness of their trials. */
@Injectable()
export class TrialSettlement {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly fitness: TrialFitness,
  ) {}

  /**
   * Closes every open trial of `trials` whose trainings have ended, some at a time.
   *
   * @throws {DomainError} DATASET_CHANGED and the like when the data is not what was imported; as `TrialFitness.of`.
   */
  async settle(context: JobContext, trials: readonly StoredTrial[]): Promise<Settled> {
    const trainings = groupBy(await this.trials.trainings(trials.map(({ id }) => id)), ({ trialId }) => trialId);
    const closed: StoredTrial[] = [];
    for (const trial of trials.filter(isOpen)) {
      const mine = trainings.get(trial.id) ?? [];
      for (const training of mine) refuseBadData(training);
      const change = await this.outcome(context, trial, mine);
      if (change !== undefined) closed.push({ ...trial, ...change });
    }
    await this.closeAll(context.leadership, closed);
    return { closed, trainings };
  }

  /** What a trial came to; undefined while one of its trainings is still to end, or has only paused. */
  private async outcome(
    context: JobContext,
    trial: StoredTrial,
    trainings: readonly Training[],
  ): Promise<Pick<StoredTrial, 'state' | 'fitness' | 'infeasibleReason'> | undefined> {
    const infeasible = trainings.find(({ state }) => state === 'infeasible');
    if (infeasible !== undefined) {
      const infeasibleReason = infeasible.failure?.reason ?? 'INTERNAL';
      return { state: 'INFEASIBLE', fitness: worstFitness(context.job.spec.evaluation), infeasibleReason };
    }
    if (trainings.length === 0 || !trainings.every(hasEndedWell)) return undefined;
    const fitness = await this.fitness.of(context, trial, trainings);
    return { state: 'SUCCEEDED', ...(fitness !== undefined && { fitness }) };
  }

  /** Closes open trials with the outcome that each of them holds, some at a time. */
  async closeAll(leadership: Leadership, trials: readonly StoredTrial[]): Promise<void> {
    for (let start = 0; start < trials.length; start += CLOSING_COUNT) {
      await this.close(leadership, trials.slice(start, start + CLOSING_COUNT));
    }
  }

  /** Closes what has ended of a phase that follows the search, and says whether any of it is still open. */
  async settlePhase(context: JobContext, phase: TrialPhase): Promise<{ readonly hasOpen: boolean }> {
    const trials = await this.trials.list(context.job.id, phase);
    const { closed } = await this.settle(context, trials);
    return { hasOpen: trials.filter(isOpen).length > closed.length };
  }

  /** @throws {Error} when one was closed before: what is known of the trials is not what their rows say. */
  private async close(leadership: Leadership, trials: readonly StoredTrial[]): Promise<void> {
    await this.leaderships.fenced(leadership, async (transaction) => {
      const closedCount = await this.trials.close(transaction, trials);
      if (closedCount < trials.length) throw new Error(`${trials.length - closedCount} trials were closed before`);
      // One bad seed decides; the others would only cost time.
      const infeasible = trials.filter(({ state }) => state === 'INFEASIBLE').map(({ id }) => id);
      if (infeasible.length > 0) await this.tasks.cancelQueued(transaction, leadership.scope, infeasible);
      await this.announce(transaction, leadership.scope, trials);
    });
  }

  /** Writes the events of trials of a job that have their outcomes. */
  async announce(transaction: Transaction, jobId: string, trials: readonly StoredTrial[]): Promise<void> {
    const payloads = trials.map(({ id, phase, method, generation, slot, state, fitness }) => ({
      trial: id,
      phase,
      method,
      generation: String(generation),
      slot: String(slot),
      state,
      ...(fitness !== undefined && { fitness: String(fitness) }),
    }));
    await this.events.appendAll(transaction, jobId, 'TRIAL_COMPLETED', payloads);
  }
}

/**
 * Faults of the data end the job; they are never a genome's fitness.
 *
 * @throws {DomainError} as the task that ran into one has reported it.
 */
export function refuseBadData({ state, failure }: Pick<Training, 'state' | 'failure'>): void {
  if (state !== 'infeasible' || failure === undefined || !endsJob(failure.reason)) return;
  throw DomainError.from(failure);
}
