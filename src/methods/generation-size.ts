import { SEARCH_MODES, type SearchMode } from './search-modes.js';

/** How large a search is. */
export interface SearchSizes {
  readonly mode: SearchMode;
  /** Generations after the first. */
  readonly generationCount: number;
  readonly populationSize: number;
  readonly eliteCount: number;
}

/** Probes beside each elite, in the paper's operators. */
export const PROBE_COUNT = 2;

/** Evaluations of one generation: N in the first, then N - E children, and in the modes of the paper 2E probes before them. */
export function generationSize(
  { mode, populationSize, eliteCount }: Omit<SearchSizes, 'generationCount'>,
  generation: number,
): number {
  if (generation === 0) return populationSize;
  const probeCount = SEARCH_MODES[mode].algorithm === 'BIOTUNE' ? PROBE_COUNT * eliteCount : 0;
  return probeCount + populationSize - eliteCount;
}

/** Evaluations of a whole search. */
export const trialCount = (sizes: SearchSizes): number =>
  generationSize(sizes, 0) + sizes.generationCount * generationSize(sizes, 1);
