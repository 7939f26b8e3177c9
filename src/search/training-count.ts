import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import { generationSize, PROBE_COUNT } from '../methods/generation-size.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { SEARCH_METHOD } from '../methods/method-table.js';
import { methodsOf, searchingMethodsOf } from '../domain/job/methods-of-job.js';

type Spec = Pick<FineTuneJobSpec, 'search' | 'evaluation' | 'baselines' | 'finals'>;

/**
 * Trainings of a job that can run at the same time: the initial population or a generation, where each child of a SEQUENTIAL
 * search waits for the one before; any number of a search without evolution; the best candidates; all finals.
 */
export function trainingCountAtOnce(spec: Spec): number {
  const { biotune } = spec.search;
  const searching = searchingMethodsOf(spec);
  if (searching.some((method) => method !== SEARCH_METHOD)) return Infinity;
  const { finalistCount, seedCount } = spec.finals;
  const isInTurn = biotune.reproduction === 'SEQUENTIAL' && SEARCH_MODES[biotune.mode].algorithm === 'BIOTUNE';
  const evolving = Math.max(
    generationSize(biotune, 0),
    isInTurn ? PROBE_COUNT * biotune.eliteCount : generationSize(biotune, 1),
  );
  return Math.max(
    searching.length * evolving * spec.evaluation.seedCount,
    searching.length * finalistCount * seedCount,
    methodsOf(spec).length * seedCount,
  );
}
