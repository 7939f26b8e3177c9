import { DomainError } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { generationSize } from '../../methods/generation-size.js';
import type { JobContext } from '../job-context.js';

/**
 * A search that mostly cannot train has nothing to choose from. A genome without a block is no failure: it was not tried.
 *
 * @throws {DomainError} SEARCH_SPACE_INFEASIBLE when more than half of the latest generation cannot be trained.
 */
export function refuseInfeasibleGeneration({ job }: JobContext, all: readonly StoredTrial[]): void {
  const trials = all.filter(({ method }) => method === SEARCH_METHOD);
  const latest = trials.reduce((max, { generation }) => Math.max(max, generation), 0);
  const reasons = trials.flatMap(({ generation, state, infeasibleReason = '' }) =>
    generation === latest && state === 'INFEASIBLE' && infeasibleReason !== 'NO_BLOCK_SELECTED'
      ? [infeasibleReason]
      : [],
  );
  const size = generationSize(job.spec.search.biotune, latest);
  if (reasons.length * 2 <= size) return;
  const counts = counted(reasons);
  throw new DomainError(
    'SEARCH_SPACE_INFEASIBLE',
    `${reasons.length} of ${size} trials of generation ${latest} cannot be trained (${counts}): ` +
      'lower training.baseLearningRate or change the data.',
    { generation: String(latest), infeasibleCount: String(reasons.length), reasons: counts },
  );
}

/** The error of a job of which no trial, of these, could be trained. */
export function nothingTrained(trials: readonly StoredTrial[]): DomainError {
  const found = trials.flatMap(({ method, infeasibleReason }) =>
    infeasibleReason === undefined ? [] : [`${method} ${infeasibleReason}`],
  );
  const reasons = counted(found) || 'none was completed within the budget';
  const message = `No trial of the search could be trained (${reasons}).`;
  return new DomainError('SEARCH_SPACE_INFEASIBLE', message, { reasons });
}

/** How often each of the words stands there, such as `NAN_LOSS: 3, POISON: 1`. */
function counted(words: readonly string[]): string {
  const groups = groupBy(words, (word) => word);
  return [...groups].map(([word, { length }]) => `${word}: ${length}`).join(', ');
}
