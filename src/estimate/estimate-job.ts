import type { ImageCounts } from '../cost/training-cost.js';
import type { BaseModel } from '../domain/base-model.js';
import type { DatasetClass } from '../domain/dataset/dataset.js';
import { imageCountsOf, searchSlicesOf } from '../domain/dataset/dataset-folds.js';
import { withSettings } from '../domain/job/candidate-settings.js';
import { redividedCountsOf } from '../domain/dataset/division.js';
import { addCosts, type Cost, NO_COST } from '../domain/job/cost.js';
import { normBlocksOf } from '../domain/job/norm-tuning.js';
import type { JobEstimate } from '../domain/job/estimate.js';
import type { PriorEstimate } from '../domain/job/job-result.js';
import type { FineTuneJobSpec, FittedSpec } from '../domain/job/fine-tune-job.js';
import type { TrainedDefinition } from '../methods/method-definition.js';
import {
  methodOf,
  RETRAINED_METHOD,
  SEARCH_METHOD,
  SOUP_METHOD,
  takesGenomes,
  type TrainedMethod,
} from '../methods/method-table.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { networkByArchitecture } from '../networks/registry.js';
import { assumedResolution, resolutionWarnings, searchSizeOf } from '../report/search-resolution.js';
import { methodsOf } from '../domain/job/methods-of-job.js';
import type { TrialSettings } from '../domain/job/trial.js';
import { listOf, nextTrials, plannedTrialCount, rulesOf, rungsOf, type SearchScope } from '../search/search-plan.js';
import { expectedEpochCount } from './expected-epochs.js';
import { gainWarning, nearestGain } from './expected-gain.js';
import { estimateParameters } from './parameter-estimate.js';
import { objectiveValuesOf } from './objective-values.js';
import { estimateSoup } from './soup-estimate.js';
import { settingsOfMeanCost } from './space-mean.js';
import {
  estimateTraining,
  meanOfTrainings,
  type NetworkCosts,
  networkCosts,
  type SearchedCandidate,
  type TrainingSetting,
} from './training-estimate.js';

/** What the estimate of a job follows from. */
export interface EstimatedJob {
  readonly spec: FittedSpec;
  readonly baseModel: Pick<BaseModel, 'architecture'> & Pick<SearchScope, 'blocks'>;
  readonly classes: readonly DatasetClass[];
  /** The speed of earlier trainings like these; undefined where there were none. */
  readonly multiplyAccumulatesPerSecond: number | undefined;
}

/**
 * Estimates what each method of a job takes, and which differences its search can show, counting as the job's own meter
 * does: all epochs of every training. Where a search leaves settings open, its trainings count at the mean over them.
 */
export function estimateJob(job: EstimatedJob): JobEstimate {
  const { spec, classes } = job;
  const estimated = estimatedMethods(job);
  const methods = estimated.map(({ row }) => row);
  const cost = estimated.map(({ own }) => own).reduce(addCosts, NO_COST);
  if (!methods.some(({ trialCount }) => trialCount > 0)) return { methods, cost, warnings: [] };
  const resolution = assumedResolution(searchSizeOf(classes, searchSlicesOf(spec), spec.evaluation));
  const isSearched = spec.search.type !== 'NONE';
  const expectedGain = isSearched ? nearestGain(spec.search.biotune.mode, sizeOf(classes)) : undefined;
  return {
    methods,
    cost,
    resolution,
    ...(expectedGain !== undefined && { expectedGain }),
    warnings: [
      ...resolutionWarnings(resolution),
      ...(isSearched && expectedGain === undefined ? [gainWarning(spec.search.biotune.mode, sizeOf(classes))] : []),
    ],
  };
}

/** What the result of a job says that was expected of it. */
export function priorEstimate(job: EstimatedJob): PriorEstimate {
  const { cost, expectedGain } = estimateJob(job);
  const { trainingCount, epochCount, multiplyAccumulates } = cost;
  return { trainingCount, epochCount, multiplyAccumulates, ...(expectedGain !== undefined && { expectedGain }) };
}

const sizeOf = (classes: readonly DatasetClass[]) => ({
  imageCount: imageCountsOf(classes, 1).train,
  classCount: classes.length,
});

/** Every method that the job reports; last what is made of others, the soup of the search's finalists or what is retrained. */
function estimatedMethods(job: EstimatedJob): EstimatedMethod[] {
  const { ofMethod, ofSoup } = estimatorOf(job);
  const trained = methodsOf(job.spec).map(ofMethod);
  const searched = trained.find(({ row }) => row.method === SEARCH_METHOD);
  const soup = job.spec.finals.usesSoup && searched !== undefined ? ofSoup(searched) : undefined;
  const retrained = job.spec.finals.retrains ? dearestRetraining(trained) : undefined;
  return [...trained, ...[soup, retrained].filter((made) => made !== undefined)];
}

/** Any method may be the one that is trained again: that whose trainings take most is taken to be. */
function dearestRetraining(trained: readonly EstimatedMethod[]): EstimatedMethod | undefined {
  const workOf = ({ retraining }: EstimatedMethod) => retraining.multiplyAccumulates;
  const [dearest] = trained.toSorted((a, b) => workOf(b) - workOf(a));
  if (dearest === undefined) return undefined;
  const { row, retraining: own } = dearest;
  return { ...dearest, row: { ...row, method: RETRAINED_METHOD, trialCount: 0, cost: addCosts(row.cost, own) }, own };
}

/** What one method takes: until one candidate of it is chosen, and then to report it. */
interface EstimatedMethod {
  readonly row: JobEstimate['methods'][number];
  readonly untilChosen: Cost;
  /** What it would take to train its candidate again on train and validation together. */
  readonly retraining: Cost;
  /** What the row's method takes that no other row has. */
  readonly own: Cost;
}

function estimatorOf(job: EstimatedJob) {
  const { spec, baseModel, classes } = job;
  const network = networkByArchitecture(baseModel.architecture);
  const objectiveValues = objectiveValuesOf({ spec, baseModel, classCount: classes.length });
  const scope: SearchScope = { spec, blocks: baseModel.blocks, objectiveValuesOf: objectiveValues };
  const settingOf = settingsOfTrainings(job, scope);
  const [fixed, open] = [[settingOf({})], settingsOfMeanCost(spec.search.space).map(settingOf)];
  const ofSearch = searchedCounts(job);
  const all = spec.finals.division === 'FIXED' ? imageCountsOf(classes, 1) : redividedCountsOf(classes);
  const ofMethod = (method: TrainedMethod): EstimatedMethod => {
    const definition = methodOf(method);
    const trialCount = candidateCount(scope, method);
    const costOf = costsOf(job, definition, takesGenomes(method) ? open : fixed);
    const searched = costOf(trialCount * spec.evaluation.seedCount, ofSearch, rungsOf(spec));
    const { seedCount } = spec.finals;
    const untilChosen = addCosts(searched, costOf(seedCount * contestedCount(spec, trialCount), all, []));
    const cost = addCosts(untilChosen, costOf(seedCount, all, []));
    const retraining = costOf(seedCount, { train: all.train + all.validation, validation: 0 }, []);
    const parameters = estimateParameters(definition, network, classes.length, settingOf({}));
    return { row: { method, trialCount, cost, ...parameters }, untilChosen, retraining, own: cost };
  };
  const ofSoup = ({ row, untilChosen }: EstimatedMethod): EstimatedMethod | undefined => {
    const memberCount = contestedCount(spec, row.trialCount);
    if (memberCount < 2) return undefined;
    const multiplyAccumulates =
      spec.finals.seedCount *
      estimateSoup(
        open.map(({ costs }) => costs),
        memberCount,
        all.validation,
      );
    const own = costOfWork(job, { trainingCount: 0, epochCount: 0, multiplyAccumulates });
    const ofAll = { ...row, method: SOUP_METHOD, trialCount: 0, cost: addCosts(untilChosen, own) };
    return { row: ofAll, untilChosen, retraining: NO_COST, own };
  };
  return { ofMethod, ofSoup };
}

/** The images of a training of the search. */
function searchedCounts({ spec, classes }: EstimatedJob): ImageCounts {
  const { foldCount, partCount } = searchSlicesOf(spec);
  return partCount === undefined ? imageCountsOf(classes, foldCount) : redividedCountsOf(classes, partCount);
}

/** What so many trainings of a method cost, at the mean over the settings that they may have. */
function costsOf(job: EstimatedJob, definition: TrainedDefinition, settings: readonly TrainingSetting[]) {
  return (trainingCount: number, images: ImageCounts, rungs: readonly number[]): Cost => {
    const { epochCount, multiplyAccumulates } = meanOfTrainings(
      settings.map((setting) =>
        estimateTraining(definition, setting, images, expectedEpochCount(setting.spec.training.epochCount, rungs)),
      ),
    );
    return costOfWork(job, {
      trainingCount,
      epochCount: Math.round(epochCount * trainingCount),
      multiplyAccumulates: multiplyAccumulates * trainingCount,
    });
  };
}

/** Work with its seconds, by the speed of earlier trainings where there were any. */
const costOfWork = ({ multiplyAccumulatesPerSecond: speed }: EstimatedJob, work: Omit<Cost, 'trainSeconds'>): Cost => ({
  ...work,
  ...(speed !== undefined && { trainSeconds: work.multiplyAccumulates / speed }),
});

/** What decides the cost of trainings with some settings; the network is counted once for each image size. */
function settingsOfTrainings({ spec, baseModel, classes }: EstimatedJob, scope: SearchScope) {
  const network = networkByArchitecture(baseModel.architecture);
  const rules = rulesOf(scope).blocks;
  const searched = knownCandidates(scope);
  const known = new Map<number, NetworkCosts>();
  return (settings: TrialSettings): TrainingSetting => {
    const applied = withSettings(spec, settings);
    const { imageSizePx } = applied.data;
    const costs = known.get(imageSizePx) ?? networkCosts(network, imageSizePx, classes.length);
    known.set(imageSizePx, costs);
    return { spec: applied, costs, rules, searched };
  };
}

/**
 * The first generation of an accelerated search, which follows from the job alone. Later ones are moves of the best of it, and
 * are taken to cost as much on the mean.
 *
 * @returns undefined in the other modes, whose first generation is drawn at random.
 */
function knownCandidates(scope: SearchScope): SearchedCandidate[] | undefined {
  const { type, biotune } = scope.spec.search;
  if (type === 'NONE' || SEARCH_MODES[biotune.mode].algorithm !== 'ACCELERATED') return undefined;
  return nextTrials(scope, SEARCH_METHOD, [])
    .trials.map(({ lrMultipliers, settings }) => ({
      lrMultipliers: [...lrMultipliers],
      ...(settings !== undefined && { settings }),
      ...normBlocksOf(settings),
    }))
    .filter(({ lrMultipliers }) => lrMultipliers.some((rate) => rate > 0));
}

/** Candidates of a method's own search; 0 where it has none. */
function candidateCount(scope: SearchScope, method: TrainedMethod): number {
  const definition = methodOf(method);
  if (definition.kind === 'FIXED') return 0;
  return listOf(scope, definition)?.length ?? plannedTrialCount(scope.spec);
}

/** Candidates that train on all the data before one of them is chosen; 0 where there is nothing to choose from. */
function contestedCount({ finals }: FineTuneJobSpec, trialCount: number): number {
  const contested = Math.min(finals.finalistCount, trialCount);
  return contested > 1 ? contested : 0;
}
