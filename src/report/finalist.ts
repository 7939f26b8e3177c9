import type { Artifact } from '../domain/artifact.js';
import type { TestScore, TrainResult } from '../domain/task.js';
import type { ValidationPredictions } from '../domain/validation-predictions.js';
import type { StoredTrial } from '../domain/job/trial.js';

/** What made a final model: its training, or for a soup its averaging. */
type FinalTraining = Omit<
  TrainResult,
  | 'weights'
  | 'bestEpoch'
  | 'stageBestEpochs'
  | 'epochCount'
  | 'trainSeconds'
  | 'lastValidationLoss'
  | 'validationImageCount'
  | 'checkpoint'
> &
  Partial<Pick<TrainResult, 'stageBestEpochs'>> & { readonly weights: Artifact };

/** One model of a method, trained with one of the reporting seeds; a soup has the seed of its members. */
export interface FinalModel {
  readonly seed: number;
  readonly training: FinalTraining;
  /** The ids of the trials whose models of that seed a soup is the mean of, the best first; absent of what was trained. */
  readonly soupMembers?: readonly string[];
}

/** A final model with what it takes its validation images for. */
export interface ValidatedModel extends FinalModel {
  /** Absent where a training of an earlier version did not keep that, and where nothing was validated. */
  readonly validation?: ValidationPredictions;
}

/** A final model with what the sealed test split said of it. */
export interface ScoredModel extends ValidatedModel {
  readonly test: TestScore;
}

/**
 * One method of the finals, with a model for each seed; the first one is delivered if the method is. They are best on
 * validation first where all were validated on the same images, else in the order of their seeds: figures on different
 * images do not compare, and the first seed is fixed before anything is known.
 */
export interface Finalist<Model> {
  readonly trial: StoredTrial;
  readonly models: readonly Model[];
}
export type ScoredFinalist = Finalist<ScoredModel>;
