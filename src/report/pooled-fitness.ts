import {
  fitnessOf,
  judgedFigure,
  type Objective,
  objectiveFigure,
  type ValidationFigures,
} from '../domain/job/evaluation.js';
import type { ValidationPredictions } from '../domain/validation-predictions.js';
import { weightedMean } from '../statistics/mean.js';
import { ScoredTestSet } from '../statistics/test-set.js';
import { FIGURES } from './figures.js';
import { poolPredictions } from './pooled-choice.js';

/** The validation of one training of a candidate, on its own part of the images. */
export interface PartValidation extends Pick<ValidationFigures, 'validationLoss' | 'validationAccuracy'> {
  readonly validationImageCount: number;
  /** What the training takes these images for; only means over classes need it. */
  readonly predictions?: ValidationPredictions;
}

/** Whether a fitness follows from what images were taken for, and not from the loss and the accuracy of each part alone. */
export const needsPredictions = ({ fitness }: Objective): boolean => judgedFigure(fitness) !== 'ACCURACY';

/**
 * The fitness of a candidate by its predictions for all images, each from the training that was not trained on it. Loss and
 * accuracy are means over images; a mean over classes is that of all images, not the mean of those of the parts, of which each
 * has few images of a class.
 *
 * @param parts One for each part that the images are cut into; at least one.
 * @param classCount The number of classes of the dataset.
 * @returns the fitness, lower is better.
 * @throws {Error} when the objective needs predictions and a part has none.
 */
export function pooledFitness(parts: readonly PartValidation[], objective: Objective, classCount: number): number {
  const imageCounts = parts.map(({ validationImageCount }) => validationImageCount);
  const meanOf = (figure: 'validationLoss' | 'validationAccuracy') =>
    weightedMean(
      parts.map((part) => part[figure]),
      imageCounts,
    );
  const judged = needsPredictions(objective)
    ? pooledFigure(parts, judgedFigure(objective.fitness), classCount)
    : meanOf('validationAccuracy');
  return fitnessOf(objectiveFigure(judged, meanOf('validationLoss'), objective), objective);
}

function pooledFigure(parts: readonly PartValidation[], figure: keyof typeof FIGURES, classCount: number): number {
  const ofParts = parts.flatMap(({ predictions }) => predictions ?? []);
  if (ofParts.length < parts.length) throw new Error(`${parts.length - ofParts.length} trainings have no predictions`);
  const { labels, predictions } = poolPredictions(ofParts, parts.length);
  const [[figures] = []] = new ScoredTestSet({ labels, classCount }, [predictions]).figures();
  return figures?.[FIGURES[figure].key] ?? NaN;
}
