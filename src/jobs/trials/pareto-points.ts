import { groupBy } from '../../domain/group-by.js';
import { isValidated, judgedFigure, validationFigure } from '../../domain/job/evaluation.js';
import type { ParetoPoint } from '../../domain/job/search-objectives.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import { trialName } from '../../domain/resource-names.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { phenotypeKey } from '../../search/equal-trials.js';
import { mean } from '../../statistics/mean.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { seedResult } from '../../storage/postgres/trial.repository.js';
import { type JobContext, searchScopeOf } from '../job-context.js';

/**
 * What the candidates of the search came to, one point for each that was trained to its end.
 *
 * @param trials Those after the search first: where a candidate has several trials, the first one speaks for it.
 * @param trainings Those of the trials, in any order.
 */
export function paretoPointsOf(
  context: JobContext,
  trials: readonly StoredTrial[],
  trainings: readonly Training[],
): ParetoPoint[] {
  const { project, id: jobId, spec } = context.job;
  const { objectiveValuesOf } = searchScopeOf(context);
  const figure = judgedFigure(spec.evaluation.fitness);
  const ofTrials = groupBy(trainings, ({ trialId }) => trialId);
  const points = new Map<string, ParetoPoint>();
  for (const trial of trials) {
    const isMeasured =
      trial.method === SEARCH_METHOD && trial.state === 'SUCCEEDED' && trial.reusedTrialId === undefined;
    if (!isMeasured || points.has(phenotypeKey(trial))) continue;
    const results = (ofTrials.get(trial.id) ?? []).flatMap((training) => seedResult(training) ?? []);
    points.set(phenotypeKey(trial), {
      trial: trialName(project, jobId, trial.id),
      validationFigure: mean(results.filter(isValidated).map((result) => validationFigure(result, figure))),
      ...objectiveValuesOf(trial),
    });
  }
  return [...points.values()];
}
