import { groupBy } from '../../domain/group-by.js';
import type { SearchingMethod } from '../../methods/method-table.js';
import { worstFitness } from '../../domain/job/evaluation.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { isOpen, type NewTrial, type StoredTrial } from '../../domain/job/trial.js';
import { EqualTrials } from '../../search/equal-trials.js';
import type { ResumedTrial } from '../trials/candidates.js';
import { type JobContext, searchScopeOf } from '../job-context.js';
import type { SearchMemory } from './search-memory.js';
import { type Place, placeOf } from '../../search/history.js';
import { type PlannedTrial, nextTrials } from '../../search/search-plan.js';
import type { SearchStopReason } from '../../search/stop-rules.js';
import { wasPruned } from './search-replay.js';

/** What a method has planned, and what is not done yet. */
export interface MissingWork {
  /** Trials that do not exist yet, without those that wait for an equal one to be trained. */
  readonly begun: readonly PlannedTrial[];
  readonly resumed: readonly ResumedTrial[];
  /** Trials as they will be once they are dropped. */
  readonly dropped: readonly StoredTrial[];
  /** Why the search ends before its last generation; absent while something of it is still to be written. */
  readonly stop?: SearchStopReason;
}

/** @throws {DomainError} REPLAY_DIVERGED when a trial is to go on that was dropped. */
export function missingWork(context: JobContext, method: SearchingMethod, memory: SearchMemory): MissingWork {
  const mine = memory.searched(method);
  const places = new Map(mine.map((trial) => [placeOf(trial), trial]));
  const next = nextTrials(searchScopeOf(context), method, mine);
  const missing = next.trials.filter((trial) => !places.has(placeOf(trial)));
  // Candidates wait for each other at a rung: one that waited for its equal would keep it waiting.
  const hasRungs = next.trials.some(({ rung }) => rung !== undefined);
  const begun = reusesEqualTrials(context) && !hasRungs ? withoutRepeats(missing, mine.filter(isOpen)) : missing;
  memory.notePlanned(method, { isHoldingBack: begun.length < missing.length });
  const dropped = next.dropped.flatMap(({ generation, slot, ...pruning }): StoredTrial[] => {
    const trial = trialIn(places, { generation, slot });
    return isOpen(trial) ? [{ ...trial, state: 'PRUNED', pruning }] : [];
  });
  return {
    begun,
    resumed: next.trials.flatMap((planned) => resumedTrial(planned, places.get(placeOf(planned)), memory) ?? []),
    dropped,
    // A search that stops cancels what is open: what its last rung drops is pruned before.
    ...(next.stop !== undefined && dropped.length === 0 && { stop: next.stop }),
  };
}

function trialIn(places: ReadonlyMap<string, StoredTrial>, place: Place): StoredTrial {
  const found = places.get(placeOf(place));
  if (found === undefined) throw new Error(`no trial stands in ${placeOf(place)}`);
  return found;
}

function resumedTrial(
  { rung }: PlannedTrial,
  trial: StoredTrial | undefined,
  memory: SearchMemory,
): ResumedTrial | undefined {
  if (trial === undefined) return undefined;
  if (trial.state === 'PRUNED') throw wasPruned(trial);
  const trainings = memory.waitingAtRung(trial.id);
  return trainings && { trial, trainings, ...(rung !== undefined && { rung }) };
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
