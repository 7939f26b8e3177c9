import type { StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import type { PriorOutcome } from '../domain/job/earlier-candidate.js';
import type { StoredTrial } from '../domain/job/trial.js';
import { trialName } from '../domain/resource-names.js';
import { SEARCH_METHOD } from '../methods/method-table.js';
import { nearestRates, type Rates } from './accelerated/rates.js';
import { rulesOf, type SearchScope } from './search-plan.js';

/** What a trial tried, and what it came to. */
export type EvaluatedCandidate = Pick<StoredTrial, 'id' | 'method' | 'generation' | 'lrMultipliers' | 'fitness'>;

/**
 * Says how the candidates of earlier jobs did among the first of this one.
 *
 * A prior that equals a candidate that was given otherwise has that one's trial, whatever its origin.
 *
 * @param trials Of the job's searches, in any order.
 * @returns one for each of the spec's `priorCandidates`, in their order.
 */
export function priorOutcomes(
  { id, project, spec }: Pick<StoredFineTuneJob, 'id' | 'project' | 'spec'>,
  blocks: SearchScope['blocks'],
  trials: readonly EvaluatedCandidate[],
): PriorOutcome[] {
  const first = trials.filter(({ method, generation }) => method === SEARCH_METHOD && generation === 0);
  const rules = rulesOf({ spec, blocks }).blocks;
  return spec.priorCandidates.map(({ job, distance, lrMultipliers }) => {
    const rates = nearestRates(lrMultipliers, rules);
    const trial = first.find((each) => isEqual(each.lrMultipliers, rates));
    const rank = trial && rankAmong(first, trial);
    return {
      job,
      distance,
      ...(trial !== undefined && { trial: trialName(project, id, trial.id) }),
      ...(rank !== undefined && { rank }),
    };
  });
}

const isEqual = (a: Rates, b: Rates): boolean => a.join() === b.join();

/** The place of a trial by fitness, from 1, with those that are equally good; undefined where it has no fitness. */
function rankAmong(trials: readonly EvaluatedCandidate[], { fitness }: EvaluatedCandidate): number | undefined {
  if (fitness === undefined) return undefined;
  return 1 + trials.filter((other) => (other.fitness ?? Infinity) < fitness).length;
}
