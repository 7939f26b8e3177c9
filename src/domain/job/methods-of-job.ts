import type { FineTuneJobSpec } from './fine-tune-job.js';
import {
  isSearching,
  type Method,
  RETRAINED_METHOD,
  SEARCH_METHOD,
  type SearchingMethod,
  SOUP_METHOD,
  type TrainedMethod,
} from '../../methods/method-table.js';

/** All methods whose candidates a job trains, the search first. */
export const methodsOf = ({
  search,
  baselines,
}: Pick<FineTuneJobSpec, 'search' | 'baselines'>): readonly TrainedMethod[] =>
  search.type === 'NONE' ? baselines : [SEARCH_METHOD, ...baselines];

/** All methods that a job scores: those that it trains, then what it has made of these. */
export const reportedMethodsOf = (
  spec: Pick<FineTuneJobSpec, 'search' | 'baselines' | 'finals'>,
): readonly Method[] => [
  ...methodsOf(spec),
  ...(spec.finals.usesSoup ? [SOUP_METHOD] : []),
  ...(spec.finals.retrains ? [RETRAINED_METHOD] : []),
];

/** Those of a job's methods that try candidates first. */
export const searchingMethodsOf = (spec: Pick<FineTuneJobSpec, 'search' | 'baselines'>): SearchingMethod[] =>
  methodsOf(spec).filter(isSearching);
