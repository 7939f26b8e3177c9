import type { JudgedFigure } from '../domain/job/evaluation.js';
import type { ValidationPredictions } from '../domain/validation-predictions.js';
import type { Resampling } from '../statistics/resampling.js';
import { mean } from '../statistics/mean.js';
import { chooseDelivery, type DeliveryChoice } from './delivery-choice.js';

/** What might be chosen, and what its trainings take their validation images for. */
export interface PooledContender {
  /** Tells it from the others. */
  readonly name: string;
  /** The multiply-accumulates of each training, in the order of the seeds. */
  readonly costs: readonly number[];
  /** The predictions of each training, in the order of the seeds. */
  readonly bySeed: readonly ValidationPredictions[];
}

/** How contenders are compared. */
export interface PooledComparison {
  /** The number of parts that seeds validate on in turn; 1 where all validate on the same images. */
  readonly partCount: number;
  readonly classCount: number;
  readonly figure: JudgedFigure;
  readonly resampling: Resampling;
}

/**
 * Chooses by the predictions of all trainings together, each on images that it was not trained on: the cheapest contender
 * within one paired standard error of the best. A contender costs what one of its trainings takes, a mean over them.
 *
 * @throws {RangeError} as `chooseDelivery`; Error when contenders were validated on different images.
 */
export async function choosePooled(
  contenders: readonly PooledContender[],
  { partCount, classCount, figure, resampling }: PooledComparison,
): Promise<DeliveryChoice> {
  const pooled = contenders.map(({ name, costs, bySeed }) => ({
    name,
    cost: mean(costs),
    ...poolPredictions(bySeed, partCount),
  }));
  const [first] = pooled;
  const other = pooled.find(({ images }) => String(images) !== String(first?.images));
  if (other !== undefined) throw new Error(`${other.name} and ${first?.name} were validated on different images`);
  return chooseDelivery(pooled, { labels: first?.labels ?? [], classCount }, figure, resampling);
}

/** Predictions of several trainings on the images of all their parts. */
export interface PooledPredictions {
  readonly images: readonly number[];
  readonly labels: readonly number[];
  /** A list over all images for each round of the seeds through the parts. */
  readonly predictions: readonly (readonly number[])[];
}

/**
 * Puts the predictions of trainings side by side, each image with that of the training whose part it was in. Where seeds
 * went through the parts several times there is a list for each time; a part that has one seed fewer repeats its first.
 *
 * @param bySeed One per seed; seed i validated on part i mod `partCount`. At least one.
 */
export function poolPredictions(bySeed: readonly ValidationPredictions[], partCount: number): PooledPredictions {
  const parts = Array.from({ length: Math.min(partCount, bySeed.length) }, (_, part) =>
    bySeed.filter((_, index) => index % partCount === part),
  );
  const roundCount = Math.ceil(bySeed.length / partCount);
  const round = (index: number) => parts.flatMap((ofPart) => ofPart[index] ?? ofPart[0] ?? []);
  const firstRound = round(0);
  return {
    images: firstRound.flatMap(({ images }) => images),
    labels: firstRound.flatMap(({ labels }) => labels),
    predictions: Array.from({ length: roundCount }, (_, index) =>
      round(index).flatMap(({ predictions }) => predictions),
    ),
  };
}
