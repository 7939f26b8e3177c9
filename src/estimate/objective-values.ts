import { forwardCosts } from '../cost/forward-costs.js';
import type { BaseModel } from '../domain/base-model.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import { normBlocksOf } from '../domain/job/norm-tuning.js';
import type { ObjectiveValues } from '../domain/job/search-objectives.js';
import type { NewTrial } from '../domain/job/trial.js';
import { techniqueOf } from '../methods/apply-method.js';
import { methodOf, SEARCH_METHOD } from '../methods/method-table.js';
import { learningBlocks } from '../methods/stage.js';
import { learningCount } from '../networks/learning-parameters.js';
import { parameterSpecs } from '../networks/parameters.js';
import { networkByArchitecture } from '../networks/registry.js';

/** What the values of a job's candidates follow from. */
export interface ValuedJob {
  readonly spec: Pick<FineTuneJobSpec, 'search' | 'data' | 'methods'>;
  readonly baseModel: Pick<BaseModel, 'architecture'>;
  readonly classCount: number;
}

/** Says what a candidate of the search comes to in the objectives of its job, without training it. */
export function objectiveValuesOf({
  spec,
  baseModel,
  classCount,
}: ValuedJob): (candidate: Pick<NewTrial, 'lrMultipliers' | 'settings'>) => ObjectiveValues {
  const objectives = new Set(spec.search.objectives);
  const network = () => networkByArchitecture(baseModel.architecture);
  const workAt = remembered((sizePx) =>
    forwardCosts([network().blocks.flatMap(({ layers }) => layers)], sizePx, classCount).reduce(
      (sum, { forward }) => sum + forward,
      0,
    ),
  );
  return ({ lrMultipliers, settings }) => ({
    ...(objectives.has('INFERENCE_MULTIPLY_ACCUMULATES') && {
      inferenceMultiplyAccumulates: workAt(settings?.imageSizePx ?? spec.data.imageSizePx),
    }),
    ...(objectives.has('TRAINED_PARAMETERS') && {
      trainedParameterCount: learningCount(
        parameterSpecs(network(), classCount),
        learningBlocks({ lrMultipliers, ...normBlocksOf(settings) }),
        techniqueOf(methodOf(SEARCH_METHOD), spec.methods, settings),
      ),
    }),
  });
}

/** Counts once for each size. */
function remembered(count: (sizePx: number) => number): (sizePx: number) => number {
  const known = new Map<number, number>();
  return (sizePx) => {
    const found = known.get(sizePx) ?? count(sizePx);
    known.set(sizePx, found);
    return found;
  };
}
