import type { FineTuneJobSpec } from './fine-tune-job.js';
import { isSearching, type Method, SEARCH_METHOD, type SearchingMethod } from '../../methods/method-table.js';

/** All that a job trains and scores, the search first. */
export const methodsOf = ({ search, baselines }: Pick<FineTuneJobSpec, 'search' | 'baselines'>): readonly Method[] =>
  search.type === 'NONE' ? baselines : [SEARCH_METHOD, ...baselines];

/** Those of a job's methods that try candidates first. */
export const searchingMethodsOf = (spec: Pick<FineTuneJobSpec, 'search' | 'baselines'>): SearchingMethod[] =>
  methodsOf(spec).filter(isSearching);
