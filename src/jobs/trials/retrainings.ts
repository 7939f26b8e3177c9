import { Injectable } from '@nestjs/common';
import type { NewTrial, StoredTrial } from '../../domain/job/trial.js';
import { isTrained, RETRAINED_METHOD } from '../../methods/method-table.js';
import { deliveredMethod } from '../../report/delivered-method.js';
import { retrainedEpochCounts } from '../../report/retrained-method.js';
import { type NewTask, TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { placeOf } from '../../search/history.js';
import { candidateOf, trainingSeeds } from './candidates.js';
import { FinalModels } from './final-models.js';
import { type JobContext, partCountIn, trainSpec } from '../job-context.js';
import { yieldNow } from '../yield-now.js';

/** The method of a job's finals that would be delivered, trained again on train and validation together. */
@Injectable()
export class Retrainings {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly models: FinalModels,
  ) {}

  /**
   * Chooses the method by what is known before the test split is looked at, and prepares its trainings, as one trial of FINALS
   * with the seeds of the finals. A repeat prepares the same.
   *
   * @returns what inserts them; it inserts nothing where no method could be trained.
   */
  async prepare(context: JobContext): Promise<(transaction: Transaction) => Promise<void>> {
    const { job, dataset } = context;
    const finalists = await this.models.validated(context);
    if (finalists.length === 0) return () => Promise.resolve();
    const setting = { job, partCount: partCountIn(context), classCount: dataset.classes.length, yieldNow };
    const { delivered } = await deliveredMethod(finalists, setting);
    const slot = 1 + Math.max(...finalists.map(({ trial }) => trial.slot));
    const { origin, id: retrainedTrialId } = delivered.trial;
    const place = { phase: 'FINALS', generation: 0, slot, method: RETRAINED_METHOD } as const;
    const trial: NewTrial = { ...candidateOf(delivered.trial), ...place, origin, retrainedTrialId };
    const tasks = trainings(context, delivered.trial, placeOf(trial), retrainedEpochCounts(delivered.models));
    return async (transaction) => {
      const [stored] = await this.trials.insertAll(transaction, job.id, [trial]);
      if (stored === undefined) throw new Error(`the retraining has no trial in ${placeOf(trial)}`);
      await this.tasks.insert(
        transaction,
        tasks.map((task) => ({ ...task, trialId: stored.id })),
      );
    };
  }
}

/** The trainings of a candidate on all images, one for each seed of the finals, from the head that these began with. */
function trainings(
  context: JobContext,
  repeated: StoredTrial,
  place: string,
  stageEpochCounts: readonly number[],
): NewTask[] {
  const { method, lrMultipliers, settings } = candidateOf(repeated);
  if (!isTrained(method)) throw new Error(`${method} cannot be trained again`);
  const candidate = { method, lrMultipliers, ...(settings !== undefined && { settings }) };
  const seeds = trainingSeeds('FINALS', context.job.spec.finals.seedCount);
  const [phaseSeed = 0] = seeds;
  const all = { fold: 0, foldCount: 1, retraining: { stageEpochCounts } };
  const keeps = { keepWeights: true, keepPredictions: false };
  return seeds.map((seed) => ({
    scope: context.job.id,
    key: `final/${RETRAINED_METHOD}/${place}/${seed}`,
    seed,
    spec: { train: trainSpec(context, { ...candidate, ...all, ...keeps, seed, phaseSeed }) },
  }));
}
