import { Injectable } from '@nestjs/common';
import { type EvaluationConfig, figureOf, fitnessOf, isValidated } from '../../domain/job/evaluation.js';
import type { StoredTrial, TrialPhase } from '../../domain/job/trial.js';
import { needsPredictions, type PartValidation, pooledFitness } from '../../report/pooled-fitness.js';
import { mean } from '../../statistics/mean.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { seedResult } from '../../storage/postgres/trial.repository.js';
import type { JobContext } from '../job-context.js';
import { PredictionFiles } from './prediction-files.js';

/** Whether each training of a trial has validated on images of its own, which fitness pools. */
const isPooled = ({ division }: EvaluationConfig, phase: TrialPhase): boolean =>
  phase === 'SEARCH' && division === 'REDIVIDED';

/** Whether somebody asks what the trainings of a phase take their validation images for: the choices after it, or fitness. */
export const keepsPredictions = ({ job: { spec } }: JobContext, phase: TrialPhase): boolean =>
  phase === 'SELECTION' ||
  phase === 'FINALS' ||
  (isPooled(spec.evaluation, phase) && needsPredictions(spec.evaluation));

/** Says how good a trial is whose trainings have ended well. */
@Injectable()
export class TrialFitness {
  constructor(private readonly predictions: PredictionFiles) {}

  /**
   * The fitness of a trial: of the mean figure of its trainings, or of all their validation images together where each has
   * its own.
   *
   * @param trainings Those of the trial; all have ended well.
   * @returns the fitness, lower is better; undefined where nothing was validated.
   * @throws {DomainError} as `PredictionFiles.read`.
   */
  async of(
    { job, dataset }: Pick<JobContext, 'job' | 'dataset'>,
    { phase }: Pick<StoredTrial, 'phase'>,
    trainings: readonly Training[],
  ): Promise<number | undefined> {
    const { evaluation } = job.spec;
    if (isPooled(evaluation, phase)) {
      const parts = await Promise.all(trainings.map((training) => this.validation(training, evaluation)));
      return pooledFitness(parts, evaluation, dataset.classes.length);
    }
    const results = trainings.flatMap((training) => seedResult(training) ?? []);
    if (!results.every(isValidated)) return undefined;
    return fitnessOf(mean(results.map((result) => figureOf(result, evaluation))), evaluation);
  }

  private async validation({ trialId, result }: Training, evaluation: EvaluationConfig): Promise<PartValidation> {
    if (result === undefined || !('train' in result)) throw new Error(`a training of trial ${trialId} has no result`);
    const { validationImageCount, predictions, ...figures } = result.train;
    if (validationImageCount === undefined || !isValidated(figures))
      throw new Error(`a training of trial ${trialId} does not say its images`);
    if (!needsPredictions(evaluation)) return { ...figures, validationImageCount };
    if (predictions === undefined) throw new Error(`a training of trial ${trialId} has no validation predictions`);
    return { ...figures, validationImageCount, predictions: await this.predictions.read(predictions) };
  }
}
