import { groupBy } from '../../domain/group-by.js';
import type { SearchingMethod } from '../../methods/method-table.js';
import { worstFitness } from '../../domain/job/evaluation.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { isOpen, type NewTrial, type StoredTrial } from '../../domain/job/trial.js';
import { EqualTrials } from '../../search/equal-trials.js';
import { placeOf } from '../candidates.js';
import { type JobContext, searchScopeOf } from '../job-context.js';
import type { SearchMemory } from './search-memory.js';
import { type PlannedTrial, plannedTrials } from '../../search/search-plan.js';

/**
 * The trials that a method has planned and that do not exist yet, without those that wait for an equal one to be
 * trained.
 */
export function missingTrials(context: JobContext, method: SearchingMethod, memory: SearchMemory): PlannedTrial[] {
  const mine = memory.all().filter((trial) => trial.method === method);
  const places = new Set(mine.map(placeOf));
  const missing = plannedTrials(searchScopeOf(context), method, mine).filter((trial) => !places.has(placeOf(trial)));
  const first = reusesEqualTrials(context) ? withoutRepeats(missing, mine.filter(isOpen)) : missing;
  memory.notePlanned(method, { isHoldingBack: first.length < missing.length });
  return first;
}

/** The planned trials that equal no open one, and none before them. */
function withoutRepeats(planned: readonly PlannedTrial[], open: readonly StoredTrial[]): PlannedTrial[] {
  const equals = new EqualTrials<PlannedTrial | StoredTrial>(open);
  return planned.filter((trial) => {
    if (!trains(trial)) return true;
    if (equals.find(trial) !== undefined) return false;
    equals.add(trial);
    return true;
  });
}

/** What is known of a trial without training it. */
type Knowledge = Pick<NewTrial, 'state' | 'fitness' | 'infeasibleReason' | 'reusedTrialId'>;

/** Says what is known of a planned trial without training it, from the trials of its method that were trained. */
export function knowledgeOf(context: JobContext, trials: readonly StoredTrial[]): (planned: PlannedTrial) => Knowledge {
  const trained = groupBy(
    trials.filter(({ state, reusedTrialId }) => state === 'SUCCEEDED' && reusedTrialId === undefined),
    ({ method }) => method,
  );
  const equals = new Map([...trained].map(([method, ofMethod]) => [method, new EqualTrials(ofMethod)]));
  return (planned) => {
    if (!trains(planned)) {
      const fitness = worstFitness(context.job.spec.evaluation);
      return { state: 'INFEASIBLE', infeasibleReason: 'NO_BLOCK_SELECTED', fitness };
    }
    const equal = reusesEqualTrials(context) ? equals.get(planned.method)?.find(planned) : undefined;
    return equal?.fitness === undefined ? {} : { state: 'SUCCEEDED', fitness: equal.fitness, reusedTrialId: equal.id };
  };
}

const trains = ({ lrMultipliers }: Pick<NewTrial, 'lrMultipliers'>): boolean =>
  lrMultipliers.some((factor) => factor > 0);

const reusesEqualTrials = ({ job }: JobContext): boolean =>
  SEARCH_MODES[job.spec.search.biotune.mode].reusesEqualTrials;
