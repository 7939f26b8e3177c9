import type { ImageCounts } from '../cost/training-cost.js';
import type { BaseModel } from '../domain/base-model.js';
import type { DatasetClass } from '../domain/dataset/dataset.js';
import { foldCountOf, imageCountsOf } from '../domain/dataset/dataset-folds.js';
import { addCosts, type Cost, NO_COST } from '../domain/job/cost.js';
import type { JobEstimate } from '../domain/job/estimate.js';
import type { PriorEstimate } from '../domain/job/job-result.js';
import type { FineTuneJobSpec, FittedSpec } from '../domain/job/fine-tune-job.js';
import { type Method, methodOf, SEARCH_METHOD } from '../methods/method-table.js';
import { networkByArchitecture } from '../networks/registry.js';
import { assumedResolution, resolutionWarnings, searchSizeOf } from '../report/search-resolution.js';
import { methodsOf } from '../domain/job/methods-of-job.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { listOf, plannedTrialCount, plannedTrials, rulesOf, type SearchScope } from '../search/search-plan.js';
import type { MethodCandidate } from '../methods/method-definition.js';
import { expectedEpochCount } from './expected-epochs.js';
import { gainWarning, nearestGain } from './expected-gain.js';
import { estimateParameters } from './parameter-estimate.js';
import { estimateTraining, networkCosts } from './training-estimate.js';

/** Epochs after which an accelerated search gives up on candidates: it trains all of them to the end. */
const RUNGS: readonly number[] = [];

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
 * does: all epochs of every training.
 */
export function estimateJob(job: EstimatedJob): JobEstimate {
  const { spec, classes } = job;
  const methods = methodsOf(spec).map(estimatorOf(job));
  const cost = methods.map((method) => method.cost).reduce(addCosts, NO_COST);
  if (!methods.some(({ trialCount }) => trialCount > 0)) return { methods, cost, warnings: [] };
  const resolution = assumedResolution(searchSizeOf(classes, foldCountOf(spec.data), spec.evaluation));
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

function estimatorOf({ spec, baseModel, classes, multiplyAccumulatesPerSecond: speed }: EstimatedJob) {
  const network = networkByArchitecture(baseModel.architecture);
  const scope: SearchScope = { spec, blocks: baseModel.blocks };
  const costs = networkCosts(network, spec.data.imageSizePx, classes.length);
  const setting = { spec, costs, rules: rulesOf(scope).blocks, searched: knownCandidates(scope) };
  const [fold, all] = [imageCountsOf(classes, foldCountOf(spec.data)), imageCountsOf(classes, 1)];
  return (method: Method): JobEstimate['methods'][number] => {
    const definition = methodOf(method);
    const trialCount = candidateCount(scope, method);
    const costOf = (trainingCount: number, images: ImageCounts, searchedEpochCount?: number): Cost => {
      const { epochCount, multiplyAccumulates } = estimateTraining(definition, setting, images, searchedEpochCount);
      return {
        trainingCount,
        epochCount: Math.round(epochCount * trainingCount),
        multiplyAccumulates: multiplyAccumulates * trainingCount,
        ...(speed !== undefined && { trainSeconds: (multiplyAccumulates * trainingCount) / speed }),
      };
    };
    const searchedEpochCount = expectedEpochCount(spec.training.epochCount, RUNGS);
    const searched = costOf(trialCount * spec.evaluation.seedCount, fold, searchedEpochCount);
    const cost = addCosts(searched, costOf(retrainingCount(spec, trialCount), all));
    return { method, trialCount, cost, ...estimateParameters(definition, network, classes.length, setting) };
  };
}

/**
 * The first generation of an accelerated search, which follows from the job alone. Later ones are moves of the best of it, and
 * are taken to cost as much on the mean.
 *
 * @returns undefined in the other modes, whose first generation is drawn at random.
 */
function knownCandidates(scope: SearchScope): MethodCandidate[] | undefined {
  const { type, biotune } = scope.spec.search;
  if (type === 'NONE' || SEARCH_MODES[biotune.mode].algorithm !== 'ACCELERATED') return undefined;
  return plannedTrials(scope, SEARCH_METHOD, [])
    .map(({ lrMultipliers }) => ({ lrMultipliers: [...lrMultipliers] }))
    .filter(({ lrMultipliers }) => lrMultipliers.some((rate) => rate > 0));
}

/** Candidates of a method's own search; 0 where it has none. */
function candidateCount(scope: SearchScope, method: Method): number {
  const definition = methodOf(method);
  if (definition.kind === 'FIXED') return 0;
  return listOf(scope, definition)?.length ?? plannedTrialCount(scope.spec);
}

/** Trainings on all the data: the choice among the best candidates, then the report. */
function retrainingCount({ finals }: FineTuneJobSpec, trialCount: number): number {
  const contested = Math.min(finals.finalistCount, trialCount);
  return finals.seedCount * ((contested > 1 ? contested : 0) + 1);
}
