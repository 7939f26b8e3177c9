import type { Artifact } from '../domain/artifact.js';
import type { TestScore, TrainResult } from '../domain/task.js';
import type { StoredTrial } from '../domain/job/trial.js';

/** One model of a method, trained with one of the reporting seeds. */
export interface FinalModel {
  readonly seed: number;
  readonly training: TrainResult & { readonly weights: Artifact };
}

/** A final model with what the sealed test split said of it. */
export interface ScoredModel extends FinalModel {
  readonly test: TestScore;
}

/** One method of the finals, with a model for each seed, best on validation first. */
export interface Finalist<Model> {
  readonly trial: StoredTrial;
  readonly models: readonly Model[];
}
export type ScoredFinalist = Finalist<ScoredModel>;
