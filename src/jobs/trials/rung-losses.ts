import { weightedMean } from '../../statistics/mean.js';
import { checkpointOf, type Training } from '../../storage/postgres/training-parts.js';

/**
 * A trial's mean validation loss at each rung that all its trainings have come to: over their images, where each has its
 * own. A training that ended before a rung counts there with the loss that it ended with.
 *
 * @param trainings Those of one trial, one for each seed.
 */
export function rungLosses(trainings: readonly Training[]): number[] {
  const rungCount = trainings.reduce((most, { losses }) => Math.max(most, losses.length), 0);
  const imageCounts = trainings.map(imageCountOf);
  const means: number[] = [];
  for (let rung = 0; rung < rungCount; rung += 1) {
    const losses = trainings.flatMap((training) => lossAt(training, rung) ?? []);
    if (losses.length < trainings.length) break;
    means.push(weightedMean(losses, imageCounts));
  }
  return means;
}

const lossAt = (training: Training, rung: number): number | undefined =>
  training.losses[rung] ?? (hasEndedWell(training) ? training.losses.at(-1) : undefined);

/** The validation images that a training alone has; 1 where all have the same, so that they count alike. */
const imageCountOf = ({ result }: Training): number =>
  (result !== undefined && 'train' in result ? result.train.validationImageCount : undefined) ?? 1;

/** Whether a training has come to its last epoch, or stopped early. */
export const hasEndedWell = (training: Training): boolean =>
  training.state === 'succeeded' && checkpointOf(training) === undefined;

/** Whether all trainings of a trial wait at a rung, but for those that have ended. */
export const waitsAtRung = (trainings: readonly Training[]): boolean =>
  trainings.every(({ state }) => state === 'succeeded') && !trainings.every(hasEndedWell);
