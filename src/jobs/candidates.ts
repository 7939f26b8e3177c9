import { Injectable } from '@nestjs/common';
import type { Method } from '../domain/method.js';
import type { TrialPhase } from '../domain/trial.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { TrialRepository, type NewTrial } from '../storage/postgres/trial.repository.js';
import { foldCount, trainSpec, type JobContext } from './job-context.js';
import { trainingSeeds } from './training-seeds.js';

/** What of a trial one candidate of a method is, wherever it is trained. */
export type Candidate = Pick<NewTrial, 'method' | 'lrMultipliers' | 'genes' | 'threshold'>;

/** The candidate that a trial has tried. */
const candidateOf = ({ method, lrMultipliers, genes, threshold }: TrialEntity): Candidate => ({
  method,
  lrMultipliers,
  ...(genes !== undefined && { genes }),
  ...(threshold !== undefined && { threshold }),
});

/**
 * The best candidates of a search, best first; of equal ones the earlier, and of those with the same multipliers one.
 *
 * Trials of all folds are compared, as in the paper: what is chosen from them is told apart on all the data.
 */
export function bestCandidates(trials: readonly TrialEntity[], method: Method, count: number): Candidate[] {
  const ranked = trials
    .filter((trial) => trial.method === method && trial.state === 'SUCCEEDED')
    .toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1) || a.generation - b.generation || a.slot - b.slot);
  const phenotypes = ranked.map(({ lrMultipliers }) => lrMultipliers.join());
  return ranked
    .filter((_, rank) => phenotypes.indexOf(phenotypes[rank] ?? '') === rank)
    .slice(0, count)
    .map(candidateOf);
}

/** Puts candidates up for training. */
@Injectable()
export class Candidates {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
  ) {}

  /**
   * Inserts a trial, and a training for each seed of its phase unless the trial has ended before it began.
   *
   * @param trial With its fold in the search; after it all data is used.
   * @returns the trial that stands in the place, new or old.
   */
  async insert(
    transaction: Transaction,
    context: JobContext,
    trial: NewTrial,
    seedCount: number,
  ): Promise<TrialEntity> {
    const { id: scope } = context.job;
    const entity = await this.trials.insert(transaction, scope, trial);
    if (trial.state !== undefined) return entity;
    const { phase, method, generation, slot, lrMultipliers, fold } = trial;
    const slice = fold === undefined ? { fold: 0, foldCount: 1 } : { fold, foldCount: foldCount(context) };
    await this.tasks.insert(
      transaction,
      trainingSeeds(phase, seedCount).map((seed) => ({
        scope,
        key: `${KEY_PREFIXES[phase]}/${method}/${generation}/${slot}/${seed}`,
        trialId: entity.id,
        seed,
        spec: { train: trainSpec(context, { method, lrMultipliers, seed, ...slice, keepWeights: phase === 'FINALS' }) },
      })),
    );
    return entity;
  }
}

const KEY_PREFIXES: Readonly<Record<TrialPhase, string>> = {
  SEARCH: 'search',
  SELECTION: 'selection',
  FINALS: 'final',
};
