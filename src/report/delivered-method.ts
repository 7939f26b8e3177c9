import { judgedFigure } from '../domain/job/evaluation.js';
import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import type { Delivery } from '../domain/job/job-result.js';
import type { DeliveryChoice } from './delivery-choice.js';
import type { Finalist, ScoredModel, ValidatedModel } from './finalist.js';
import { choosePooled, type PooledComparison, type PooledContender } from './pooled-choice.js';

/** The method of the finals that is delivered, and why. */
export interface DeliveredMethod<Model = ScoredModel> {
  /** All finalists, best on validation first; last the one that nothing was validated of, if there is one. */
  readonly ranked: readonly Finalist<Model>[];
  readonly delivered: Finalist<Model>;
  readonly delivery: Delivery;
}

/** What the choice follows from, beside the finalists. */
export interface DeliverySetting extends Pick<PooledComparison, 'partCount' | 'classCount'> {
  readonly job: Pick<StoredFineTuneJob, 'id' | 'spec'>;
  readonly yieldNow: () => Promise<void>;
}

/**
 * Chooses the method that is delivered, by `finals.choice` and by validation alone.
 *
 * @param finalists Best by their fitness first; at least one, and none without validation.
 * @throws {Error} without finalists, and when a model lacks the predictions that the choice is made by.
 */
export async function deliveredMethod<Model extends ValidatedModel>(
  finalists: readonly Finalist<Model>[],
  { job, partCount, classCount, yieldNow }: DeliverySetting,
): Promise<DeliveredMethod<Model>> {
  const { evaluation, finals } = job.spec;
  const [first] = finalists;
  if (first === undefined) throw new Error(`job ${job.id} has no method to deliver`);
  if (finals.choice === 'BEST') {
    const { method } = first.trial;
    const reason = `${method} is the best on validation by its mean over the seeds.`;
    return { ranked: finalists, delivered: first, delivery: { best: method, difference: 0, standardError: 0, reason } };
  }
  const resampling = { key: `${job.id}/delivery`, yieldNow };
  const figure = judgedFigure(evaluation.fitness);
  const choice = await choosePooled(finalists.map(contenderOf), { partCount, classCount, figure, resampling });
  return chosenFrom(finalists, choice);
}

function chosenFrom<Model>(finalists: readonly Finalist<Model>[], choice: DeliveryChoice): DeliveredMethod<Model> {
  const named = (name: string): Finalist<Model> => {
    const found = finalists.find(({ trial }) => trial.method === name);
    if (found === undefined) throw new Error(`${name} is none of the finalists`);
    return found;
  };
  const { difference, standardError, reason } = choice;
  return {
    ranked: choice.ranked.map(({ name }) => named(name)),
    delivered: named(choice.delivered.name),
    delivery: { best: named(choice.best.name).trial.method, difference, standardError, reason },
  };
}

function contenderOf({ trial, models }: Finalist<ValidatedModel>): PooledContender {
  const bySeed = models.toSorted((a, b) => a.seed - b.seed);
  const predictionsOf = ({ seed, validation }: ValidatedModel) => {
    if (validation !== undefined) return validation;
    throw new Error(`the model of ${trial.method} with seed ${seed} has no validation predictions`);
  };
  return {
    name: trial.method,
    costs: bySeed.map(({ training }) => training.multiplyAccumulates),
    bySeed: bySeed.map(predictionsOf),
  };
}
