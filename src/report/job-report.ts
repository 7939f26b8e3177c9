import { type TrainingTotals, type InfeasibleCount, genomeOf } from '../domain/job/trial.js';
import type { BaseModel } from '../domain/base-model.js';
import { foldCountOf } from '../domain/dataset/dataset-folds.js';
import type { StoredDatasetVersion } from '../domain/dataset/dataset.js';
import { judgedFigure } from '../domain/job/evaluation.js';
import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import { type JobResult, RESULT_CLASS_COUNT_MAX, type Resolution, type RuntimeUse } from '../domain/job/job-result.js';
import { SEARCH_METHOD } from '../methods/method-table.js';
import { confusionMatrix } from './confusion-matrix.js';
import type { ScoredFinalist, ScoredModel } from './finalist.js';
import { compareWithBaseline, costOf, methodScores, modelInterval, type ReportSetting } from './method-scores.js';
import { warningsOf } from './report-warnings.js';
import { measuredResolution, searchSizeOf } from './search-resolution.js';
import { verdictOf } from './verdict.js';

/** All that a job's report follows from. */
export interface ReportSources {
  readonly job: Pick<StoredFineTuneJob, 'id' | 'project' | 'spec'>;
  readonly baseModel: BaseModel;
  readonly dataset: Pick<StoredDatasetVersion, 'classes'>;
  /** Best on validation first; the first one's first model is delivered. */
  readonly scored: readonly [ScoredFinalist, ...ScoredFinalist[]];
  readonly delivered: ScoredModel;
  readonly totals: readonly TrainingTotals[];
  readonly infeasible: readonly InfeasibleCount[];
  readonly runtimes: readonly RuntimeUse[];
  /** The validation figures of `evaluation.fitness` of each trial of the search, one per seed; empty without a search. */
  readonly seedFigures: readonly (readonly number[])[];
}

/** All of a result that follows from what was trained: without the model version's number, and what was expected before. */
export type JobReport = Omit<JobResult, 'modelVersion' | 'estimate'>;

/** Says how all methods of a job did, and what was found; awaits `yieldNow` between pieces of work. */
export async function jobReport(sources: ReportSources, yieldNow: () => Promise<void>): Promise<JobReport> {
  const { job, dataset, scored, delivered, totals } = sources;
  const setting: ReportSetting = { job, classCount: dataset.classes.length, totals, yieldNow };
  const bySlot = scored.toSorted((a, b) => a.trial.slot - b.trial.slot);
  const [{ trial: winner }] = scored;
  const found = scored.find(({ trial }) => trial.method === SEARCH_METHOD)?.trial;
  const genome = found && genomeOf(found);
  const comparison = await compareWithBaseline(scored, setting);
  const resolution = resolutionOf(sources);
  return {
    method: winner.method,
    lrMultipliers: winner.lrMultipliers,
    ...testFigures(delivered),
    ...(genome !== undefined && { genome }),
    testAccuracyInterval: await modelInterval(delivered, setting),
    confusionMatrix:
      setting.classCount > RESULT_CLASS_COUNT_MAX ? [] : confusionMatrix(delivered.test, setting.classCount),
    scores: await methodScores(bySlot, setting),
    ...(comparison !== undefined && { comparison }),
    ...(resolution !== undefined && { resolution }),
    verdict: verdictOf({
      delivered: winner.method,
      wasAsked: { search: job.spec.search.type !== 'NONE', baselines: job.spec.baselines.length > 0 },
      hasWinner: found !== undefined,
      figure: judgedFigure(job.spec.evaluation.fitness),
      comparison,
    }),
    warnings: warningsOf({ ...sources, spec: job.spec, blocks: sources.baseModel.blocks, resolution }),
    cost: costOf(totals),
    runtimes: sources.runtimes,
  };
}

/** A model's figures on the test split, as results and model versions have them. */
export const testFigures = ({ test: { accuracy, macroAccuracy, macroF1, calibrationError } }: ScoredModel) => ({
  testAccuracy: accuracy,
  testMacroAccuracy: macroAccuracy,
  testMacroF1: macroF1,
  testCalibrationError: calibrationError,
});

function resolutionOf({ job, dataset, scored, seedFigures }: ReportSources): Resolution | undefined {
  if (seedFigures.length === 0) return undefined;
  const { evaluation, data } = job.spec;
  return measuredResolution(scored, seedFigures, searchSizeOf(dataset.classes, foldCountOf(data), evaluation));
}
