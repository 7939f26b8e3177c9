import { median } from '../statistics/median.js';
import { RETRAINED_METHOD } from '../methods/method-table.js';
import type { DeliveredMethod } from './delivered-method.js';
import type { Finalist, FinalModel, ScoredFinalist } from './finalist.js';

/** The finalists that contend for the delivery, and the one that repeats one of them, where it could be trained. */
export interface Contenders<Model> {
  readonly contenders: readonly Finalist<Model>[];
  readonly retrained?: Finalist<Model>;
}

/** Sets the finalist apart that nothing was validated of. */
export function contendersOf<Model>(finalists: readonly Finalist<Model>[]): Contenders<Model> {
  const isRetrained = ({ trial }: Finalist<Model>) => trial.method === RETRAINED_METHOD;
  const retrained = finalists.find(isRetrained);
  const contenders = finalists.filter((finalist) => !isRetrained(finalist));
  return { contenders, ...(retrained !== undefined && { retrained }) };
}

/**
 * The epochs that each stage has when a method is trained again on all images: the median over its trainings of the stage's best
 * epoch, the mean of the middle two rounded to the nearest (half up), and at least 1.
 *
 * @param models Those of one method, at least one.
 * @throws {Error} when a model has no epochs, as that of a soup.
 */
export function retrainedEpochCounts(models: readonly FinalModel[]): number[] {
  const bySeed = models.map(({ seed, training: { stageBestEpochs } }) => {
    if (stageBestEpochs !== undefined) return stageBestEpochs;
    throw new Error(`the model of seed ${seed} has no epochs that could be repeated`);
  });
  const [first = []] = bySeed;
  return first.map((_, stage) => Math.max(1, Math.round(median(bySeed.map((epochs) => epochs[stage] ?? 0)))));
}

/**
 * Delivers the repeated method in the place of the one that was chosen.
 *
 * @param retrained Where it is absent, or repeats another method than the chosen one, the chosen one stays: another is chosen at the
 *   end than before the retraining where a method could not be scored.
 */
export function withRetrained(chosen: DeliveredMethod, retrained: ScoredFinalist | undefined): DeliveredMethod {
  if (retrained === undefined) return chosen;
  const ranked = [...chosen.ranked, retrained];
  const { trial } = chosen.delivered;
  if (retrained.trial.retrainedTrialId !== trial.id) return { ...chosen, ranked };
  const reason =
    `${RETRAINED_METHOD} is ${trial.method} trained again on train and validation together, so that no validation figure ` +
    `exists for it. ${chosen.delivery.reason}`;
  return { ranked, delivered: retrained, delivery: { ...chosen.delivery, reason } };
}
