import type { z } from 'zod';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import type { dataSchema } from './data-config.js';
import { type evaluationSchema, jobEvaluationSchema } from './evaluation.js';
import { type finalsSchema, jobFinalsSchema } from './finals-config.js';
import { jobBiotuneSchema, type SearchRequest } from './search-config.js';
import { jobTrainingSchema, type TrainingRequest } from './training-protocol.js';

/** The parts of a request that may leave something to the mode of its search. */
interface Written {
  readonly search: SearchRequest;
  readonly evaluation: z.output<typeof evaluationSchema>;
  readonly training: TrainingRequest;
  readonly data: z.output<typeof dataSchema>;
  readonly finals: z.output<typeof finalsSchema>;
}

/** Fills in what a request leaves to the mode of its search. */
export function withModeDefaults<Request extends Written>(request: Request) {
  const { search, evaluation, training, data, finals } = request;
  const { defaults, frozenBatchNorm, headInit } = SEARCH_MODES[search.biotune.mode];
  const { epochCount = defaults.training.epochCount } = training;
  const ofItsEpochs = { patienceEpochs: epochCount, cosineEpochCount: epochCount };
  return {
    ...request,
    data: { ...data, searchFraction: data.searchFraction ?? defaults.searchFraction },
    search: { ...search, biotune: jobBiotuneSchema.parse({ ...defaults.search, ...search.biotune }) },
    evaluation: jobEvaluationSchema.parse({ ...defaults.evaluation, ...evaluation }),
    finals: jobFinalsSchema.parse({ ...defaults.finals, usesSoup: hasSoup(request), ...finals }),
    training: jobTrainingSchema.parse({
      frozenBatchNorm,
      headInit,
      ...ofItsEpochs,
      ...defaults.training,
      ...training,
    }),
  };
}

/** Whether there are soups where a request does not say: of the mode, and where there is something to average. */
function hasSoup({ search, finals }: Written): boolean {
  const { finalistCount, usesSoup } = SEARCH_MODES[search.biotune.mode].defaults.finals;
  return usesSoup && search.type !== 'NONE' && !finals.retrains && (finals.finalistCount ?? finalistCount) > 1;
}
