import type { TrainingTotals } from '../domain/job/trial.js';
import type { ClassRecall } from '../domain/class-recall.js';
import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import { trialName } from '../domain/resource-names.js';
import { isValidated } from '../domain/job/evaluation.js';
import { addCosts, type Cost, NO_COST } from '../domain/job/cost.js';
import type { Comparison, Interval, MethodScore, RetrainedMethod } from '../domain/job/job-result.js';
import { isTrained, type Method, SEARCH_METHOD, SOUP_METHOD } from '../methods/method-table.js';
import { methodIntervals } from '../statistics/method-intervals.js';
import type { Interval as Estimate } from '../statistics/interval.js';
import { pairedDifferences } from '../statistics/paired-differences.js';
import type { Resampling } from '../statistics/resampling.js';
import type { TestSet } from '../statistics/test-set.js';
import type { ScoredFinalist, ScoredModel } from './finalist.js';
import { mean } from '../statistics/mean.js';

/** What a report needs beside the finalists. */
export interface ReportSetting {
  /** Its id names the draws of the bootstrap. */
  readonly job: Pick<StoredFineTuneJob, 'id' | 'project'>;
  readonly classCount: number;
  readonly totals: readonly TrainingTotals[];
  /** Awaited between pieces of work. */
  readonly yieldNow: () => Promise<void>;
}

/**
 * What the trainings of one method took, of all phases, or of all where none is named; a soup's are those of its members, and the
 * search for them.
 *
 * @param repeats The method that `method` has trained again; all of its trainings count.
 */
export const costOf = (totals: readonly TrainingTotals[], method?: Method, repeats?: Method): Cost =>
  totals
    .filter(
      (total) =>
        method === undefined ||
        total.method === method ||
        total.method === repeats ||
        (method === SOUP_METHOD && total.method === SEARCH_METHOD && total.phase !== 'FINALS'),
    )
    .map(({ trainingCount, epochCount, multiplyAccumulates, trainSeconds }) => ({
      trainingCount,
      epochCount,
      multiplyAccumulates,
      trainSeconds,
    }))
    .reduce(addCosts, NO_COST);

const toInterval = ({ lower, upper }: Estimate): Interval => ({ low: lower, high: upper });

const meanOf = (models: readonly ScoredModel[], figure: (model: ScoredModel) => number): number =>
  mean(models.map(figure));

/** Means over the models that were validated; no figures where none was. */
function validationFigures(models: readonly ScoredModel[]) {
  const validated = models.map(({ training }) => training).filter(isValidated);
  if (validated.length === 0) return {};
  return {
    validationAccuracy: mean(validated.map((training) => training.validationAccuracy)),
    validationMacroAccuracy: mean(validated.map((training) => training.validationMacroAccuracy)),
    validationMacroF1: mean(validated.map((training) => training.validationMacroF1)),
  };
}

function meanRecalls(models: readonly ScoredModel[]): ClassRecall[] {
  const classes = models[0]?.test.recalls ?? [];
  return classes.map(({ classIndex }, place) => ({
    classIndex,
    recall: meanOf(models, ({ test }) => test.recalls[place]?.recall ?? NaN),
  }));
}

const predictionsOf = ({ models }: ScoredFinalist) => models.map(({ test }) => test.predictions);

function testSetOf([finalist]: readonly ScoredFinalist[], classCount: number): TestSet {
  return { labels: finalist?.models[0]?.test.labels ?? [], classCount };
}

/** The intervals of single models and of methods, in the order of `finalists`. */
export async function methodScores(
  finalists: readonly ScoredFinalist[],
  setting: ReportSetting,
): Promise<MethodScore[]> {
  const { job, classCount, totals, yieldNow } = setting;
  const testSet = testSetOf(finalists, classCount);
  const scores: MethodScore[] = [];
  for (const finalist of finalists) {
    const { trial, models } = finalist;
    const resampling = { key: `${job.id}/${trial.method}`, yieldNow };
    const retrained = await retrainedMethod(finalist, finalists, setting);
    const intervals = await methodIntervals(predictionsOf(finalist), testSet, resampling);
    scores.push({
      method: trial.method,
      trial: trialName(job.project, job.id, trial.id),
      lrMultipliers: trial.lrMultipliers,
      ...(retrained !== undefined && { retrained }),
      ...validationFigures(models),
      testAccuracy: meanOf(models, ({ test }) => test.accuracy),
      testAccuracyInterval: toInterval(intervals.accuracy),
      testMacroAccuracy: meanOf(models, ({ test }) => test.macroAccuracy),
      testMacroAccuracyInterval: toInterval(intervals.macroAccuracy),
      testMacroF1: meanOf(models, ({ test }) => test.macroF1),
      testMacroF1Interval: toInterval(intervals.macroF1),
      testCalibrationError: meanOf(models, ({ test }) => test.calibrationError),
      testRecalls: meanRecalls(models),
      seedScores: models.toSorted((a, b) => a.seed - b.seed).map(seedScore),
      trainedParameterCount: models[0]?.training.trainedParameterCount ?? 0,
      totalParameterCount: models[0]?.training.totalParameterCount ?? 0,
      cost: costOf(totals, trial.method, retrained?.method),
    });
  }
  return scores;
}

const seedScore = ({ seed, training, test }: ScoredModel) => ({
  seed,
  ...(isValidated(training) && {
    validationAccuracy: training.validationAccuracy,
    validationMacroAccuracy: training.validationMacroAccuracy,
  }),
  testAccuracy: test.accuracy,
  testMacroAccuracy: test.macroAccuracy,
  testMacroF1: test.macroF1,
});

/** The interval of one model's test accuracy. */
export async function modelInterval(
  { test }: ScoredModel,
  { job, classCount, yieldNow }: ReportSetting,
): Promise<Interval> {
  const resampling = { key: `${job.id}/delivered`, yieldNow };
  const { accuracy } = await methodIntervals([test.predictions], { labels: test.labels, classCount }, resampling);
  return toInterval(accuracy);
}

/**
 * Sets the search's winner against the baseline that a user would have taken by its validation figure.
 *
 * @param finalists Best on validation first.
 * @returns undefined when either is missing. What is made of other methods is no baseline.
 */
export async function compareWithBaseline(
  finalists: readonly ScoredFinalist[],
  { job, classCount, totals, yieldNow }: ReportSetting,
): Promise<Comparison | undefined> {
  const winner = finalists.find(({ trial }) => trial.method === SEARCH_METHOD);
  const baseline = finalists.find(({ trial: { method } }) => isTrained(method) && method !== SEARCH_METHOD);
  if (winner === undefined || baseline === undefined) return undefined;
  const resampling = { key: `${job.id}/comparison`, yieldNow };
  const differences = await testDifferences(winner, baseline, testSetOf(finalists, classCount), resampling);
  const { method } = baseline.trial;
  return {
    baseline: method,
    ...differences,
    costRatio: costOf(totals, SEARCH_METHOD).multiplyAccumulates / costOf(totals, method).multiplyAccumulates,
  };
}

/** The test figures of one method less those of another, on the same images. */
async function testDifferences(
  one: ScoredFinalist,
  other: ScoredFinalist,
  testSet: TestSet,
  resampling: Resampling,
): Promise<Omit<RetrainedMethod, 'method' | 'stageEpochCounts'>> {
  const found = await pairedDifferences(predictionsOf(one), predictionsOf(other), testSet, resampling);
  const { accuracy, macroAccuracy, macroF1 } = found;
  return {
    testAccuracyDifference: accuracy.estimate,
    testAccuracyDifferenceInterval: toInterval(accuracy),
    testMacroAccuracyDifference: macroAccuracy.estimate,
    testMacroAccuracyDifferenceInterval: toInterval(macroAccuracy),
    testMacroF1Difference: macroF1.estimate,
    testMacroF1DifferenceInterval: toInterval(macroF1),
  };
}

/**
 * The method that a finalist repeats, and what that has changed; undefined where it repeats none, or one that could not be
 * scored.
 */
async function retrainedMethod(
  finalist: ScoredFinalist,
  finalists: readonly ScoredFinalist[],
  { job, classCount, yieldNow }: ReportSetting,
): Promise<RetrainedMethod | undefined> {
  const repeated = finalists.find(({ trial }) => trial.id === finalist.trial.retrainedTrialId);
  const stageEpochCounts = finalist.models[0]?.training.stageBestEpochs;
  if (repeated === undefined || stageEpochCounts === undefined) return undefined;
  const resampling = { key: `${job.id}/${finalist.trial.method}/difference`, yieldNow };
  const differences = await testDifferences(finalist, repeated, testSetOf(finalists, classCount), resampling);
  return { method: repeated.trial.method, stageEpochCounts, ...differences };
}
