import { type TrainingTotals, type InfeasibleCount, genomeOf } from '../domain/job/trial.js';
import type { BaseModel } from '../domain/base-model.js';
import type { PriorOutcome } from '../domain/job/earlier-candidate.js';
import { searchSlicesOf } from '../domain/dataset/dataset-folds.js';
import type { StoredDatasetVersion } from '../domain/dataset/dataset.js';
import { judgedFigure } from '../domain/job/evaluation.js';
import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import {
  type JobResult,
  RESULT_CLASS_COUNT_MAX,
  type Resolution,
  type Rung,
  type RuntimeUse,
} from '../domain/job/job-result.js';
import type { ParetoPoint } from '../domain/job/search-objectives.js';
import { isTrained, SEARCH_METHOD } from '../methods/method-table.js';
import { confusionMatrix } from './confusion-matrix.js';
import type { DeliveredMethod } from './delivered-method.js';
import type { ScoredModel } from './finalist.js';
import { compareWithBaseline, costOf, methodScores, modelInterval, type ReportSetting } from './method-scores.js';
import { paretoFront } from './pareto-front.js';
import { warningsOf } from './report-warnings.js';
import { measuredResolution, searchSizeOf } from './search-resolution.js';
import { verdictOf } from './verdict.js';

/** All that a job's report follows from. */
export interface ReportSources extends DeliveredMethod {
  readonly job: Pick<StoredFineTuneJob, 'id' | 'project' | 'spec'>;
  readonly baseModel: BaseModel;
  readonly dataset: Pick<StoredDatasetVersion, 'classes'>;
  /** The model of the delivered method that is delivered. */
  readonly model: ScoredModel;
  readonly totals: readonly TrainingTotals[];
  readonly infeasible: readonly InfeasibleCount[];
  readonly runtimes: readonly RuntimeUse[];
  /** The validation figures of `evaluation.fitness` of each trial of the search, one per seed; empty without a search. */
  readonly seedFigures: readonly (readonly number[])[];
  /** Empty where the search dropped no candidate before its end. */
  readonly rungs: readonly Rung[];
  /** The candidates of the search by the objectives of the job; empty where it has none beside the figure. */
  readonly paretoPoints: readonly ParetoPoint[];
  readonly priors: readonly PriorOutcome[];
}

/** All of a result that follows from what was trained: without the model version's number, and what was expected before. */
export type JobReport = Omit<JobResult, 'modelVersion' | 'estimate'>;

/** Says how all methods of a job did, and what was found; awaits `yieldNow` between pieces of work. */
export async function jobReport(sources: ReportSources, yieldNow: () => Promise<void>): Promise<JobReport> {
  const { job, dataset, ranked, delivered, delivery, model, totals } = sources;
  const setting: ReportSetting = { job, classCount: dataset.classes.length, totals, yieldNow };
  const bySlot = ranked.toSorted((a, b) => a.trial.slot - b.trial.slot);
  const { method, lrMultipliers, settings } = delivered.trial;
  const found = ranked.find(({ trial }) => trial.method === SEARCH_METHOD)?.trial;
  const genome = found && genomeOf(found);
  const comparison = await compareWithBaseline(ranked, setting);
  const resolution = resolutionOf(sources);
  return {
    method,
    delivery,
    lrMultipliers,
    ...(settings !== undefined && { settings }),
    paretoFront: paretoFront(sources.paretoPoints),
    ...testFigures(model),
    ...(genome !== undefined && { genome }),
    testAccuracyInterval: await modelInterval(model, setting),
    confusionMatrix: setting.classCount > RESULT_CLASS_COUNT_MAX ? [] : confusionMatrix(model.test, setting.classCount),
    scores: await methodScores(bySlot, setting),
    ...(comparison !== undefined && { comparison }),
    rungs: sources.rungs,
    ...(resolution !== undefined && { resolution }),
    priors: sources.priors,
    verdict: verdictOf({
      delivered: method,
      reason: delivery.reason,
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

function resolutionOf({ job, dataset, ranked, seedFigures }: ReportSources): Resolution | undefined {
  if (seedFigures.length === 0) return undefined;
  // What is made of other methods' models or candidates says little of how candidates differ.
  const trained = ranked.filter(({ trial }) => isTrained(trial.method));
  return measuredResolution(
    trained,
    seedFigures,
    searchSizeOf(dataset.classes, searchSlicesOf(job.spec), job.spec.evaluation),
  );
}
