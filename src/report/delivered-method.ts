import { judgedFigure } from '../domain/job/evaluation.js';
import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import type { Delivery } from '../domain/job/job-result.js';
import type { DeliveryChoice } from './delivery-choice.js';
import type { ScoredFinalist, ScoredModel } from './finalist.js';
import { choosePooled, type PooledComparison, type PooledContender } from './pooled-choice.js';

/** The method of the finals that is delivered, and why. */
export interface DeliveredMethod {
  /** All finalists, best on validation first. */
  readonly ranked: readonly ScoredFinalist[];
  readonly delivered: ScoredFinalist;
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
 * @param finalists Best by their fitness first; at least one.
 * @throws {Error} without finalists, and when a model lacks the predictions that the choice is made by.
 */
export async function deliveredMethod(
  finalists: readonly ScoredFinalist[],
  { job, partCount, classCount, yieldNow }: DeliverySetting,
): Promise<DeliveredMethod> {
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

function chosenFrom(finalists: readonly ScoredFinalist[], choice: DeliveryChoice): DeliveredMethod {
  const named = (name: string): ScoredFinalist => {
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

function contenderOf({ trial, models }: ScoredFinalist): PooledContender {
  const bySeed = models.toSorted((a, b) => a.seed - b.seed);
  const predictionsOf = ({ seed, validation }: ScoredModel) => {
    if (validation !== undefined) return validation;
    throw new Error(`the model of ${trial.method} with seed ${seed} has no validation predictions`);
  };
  return {
    name: trial.method,
    costs: bySeed.map(({ training }) => training.multiplyAccumulates),
    bySeed: bySeed.map(predictionsOf),
  };
}
