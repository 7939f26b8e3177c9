import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import type { StopReason } from '../../domain/fine-tune-job.js';
import { type Method, SEARCH_METHOD, SEARCHING_METHODS, type SearchingMethod } from '../../methods/method-table.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { generationSize } from '../../search/biotune.js';
import { EqualTrials } from '../../search/equal-trials.js';
import { byPlace } from '../../search/history.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository, type Leadership } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import type { TrialEntity } from '../../storage/postgres/trial.entities.js';
import { seedResult, TrialRepository, type NewTrial } from '../../storage/postgres/trial.repository.js';
import { Candidates, placeOf } from '../candidates.js';
import type { JobContext } from '../job-context.js';
import { searchingMethodsOf } from '../methods.js';
import { activeSeconds, evolutionStop, timeBudgetStop } from './search-budget.js';
import { SearchMemory } from './search-memory.js';
import { plannedTrials, type AskedTrial } from './search-plan.js';
import { isOpen, TrialSettlement, WORST_FITNESS } from '../trial-settlement.js';

/** Reasons that end the evolution alone; the others end every search of the job. */
const ENDS_EVOLUTION: ReadonlySet<StopReason> = new Set(['TARGET_REACHED', 'PLATEAU', 'TRIAL_BUDGET']);

/** Trainings that are inserted in one transaction. */
const TRAINING_COUNT_AT_ONCE = 500;

/** Drives the searches of a job from rows only: any coordinator, at any time, comes to the same trials. */
@Injectable()
export class SearchLoop {
  private readonly memories = new WeakMap<Leadership, SearchMemory>();

  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
    private readonly candidates: Candidates,
  ) {}

  /**
   * Closes what has ended, asks each search what comes next, and inserts it.
   *
   * @returns DONE: all searches are; CHANGED: there may be more to do at once; WAITING: not until a training has ended.
   * @throws {DomainError} REPLAY_DIVERGED, SEARCH_SPACE_INFEASIBLE, or what `TrialSettlement.settle` throws.
   */
  async advance(context: JobContext): Promise<'DONE' | 'CHANGED' | 'WAITING'> {
    const { job } = context;
    const memory = await this.recall(context);
    await this.settle(context, memory);
    const trials = memory.all();
    if (job.stopReason === undefined) refuseInfeasibleGeneration(context, trials);
    const missing = searchingOf(context)
      .filter((method) => memory.mayAskForMore(method))
      .map((method) => missingTrials(context, method, memory))
      .filter(({ length }) => length > 0);
    const isDone = missing.length === 0 && !memory.hasOpen;
    const stop = this.stopReason(context, memory, isDone);
    if (stop !== job.stopReason && stop !== undefined) {
      await this.stop(context, stop, trials);
      return 'CHANGED';
    }
    for (const ofMethod of missing) await this.insert(context, ofMethod, memory);
    if (isDone) return 'DONE';
    return missing.length > 0 ? 'CHANGED' : 'WAITING';
  }

  /** What this leader knows of the job's searches; from the rows, when that may not be all. */
  private async recall({ job, leadership, news }: JobContext): Promise<SearchMemory> {
    const known = this.memories.get(leadership);
    if (known !== undefined && news !== undefined) return known;
    const isTimed = job.spec.budget.maxGpuSeconds !== undefined;
    const memory = new SearchMemory(
      await this.trials.list(job.id, 'SEARCH'),
      isTimed ? await this.trials.trainSeconds(job.id, 'SEARCH') : new Map<string, number>(),
    );
    this.memories.set(leadership, memory);
    return memory;
  }

  /** Closes the trials that the ends of trainings were about; without news, all that have one. */
  private async settle({ job, leadership, news }: JobContext, memory: SearchMemory): Promise<void> {
    const touched =
      news === undefined
        ? await this.trials.withEndedTraining(job.id, 'SEARCH')
        : news.flatMap(({ trialId }) => trialId ?? []);
    const trials = [...new Set(touched)].flatMap((id) => memory.get(id) ?? []).sort(byPlace);
    if (trials.length === 0) return;
    const { closed, trainings } = await this.settlement.settle(leadership, trials, job.spec.search.biotune.fitness);
    for (const trial of closed) memory.put(trial);
    for (const [id, ofTrial] of trainings) {
      const seconds = ofTrial.map((training) => seedResult(training)?.trainSeconds ?? 0);
      memory.trainSeconds.set(
        id,
        seconds.reduce((sum, each) => sum + each, 0),
      );
    }
  }

  /** @param isDone Nothing is left that a time budget could end. */
  private stopReason(context: JobContext, memory: SearchMemory, isDone: boolean): StopReason | undefined {
    const { job } = context;
    const { budget, search } = job.spec;
    if (job.stopReason !== undefined && !ENDS_EVOLUTION.has(job.stopReason)) return job.stopReason;
    const wallSeconds = activeSeconds(job, new Date());
    const byTime = isDone ? undefined : timeBudgetStop(budget, wallSeconds, memory.trainSeconds.values());
    return byTime ?? job.stopReason ?? (search.type !== 'NONE' ? evolutionStop(context, memory.all()) : undefined);
  }

  /** Records why a search ends, and drops what of it is open; workers are told by their next heartbeat. */
  private async stop(
    { job, leadership }: JobContext,
    reason: StopReason,
    trials: readonly TrialEntity[],
  ): Promise<void> {
    const methods: readonly Method[] = ENDS_EVOLUTION.has(reason) ? [SEARCH_METHOD] : SEARCHING_METHODS;
    const open = trials.filter((trial) => isOpen(trial) && methods.includes(trial.method));
    await this.leaderships.fenced(leadership, async (transaction) => {
      if (!(await this.jobs.stopSearch(transaction, job, reason))) return;
      const ids = open.map(({ id }) => id);
      // Tasks before trials, as a lease locks them: the two never wait for each other.
      await this.tasks.cancelQueued(transaction, job.id, ids);
      await this.trials.cancelOpen(transaction, job.id, methods);
    });
  }

  /** Inserts what one method asks for, in pieces: each is whole, and the others follow from the same plan. */
  private async insert(context: JobContext, planned: readonly AskedTrial[], memory: SearchMemory): Promise<void> {
    const { job, leadership } = context;
    const { seedCount } = job.spec.search.biotune;
    const knows = knowledgeOf(context, memory.all());
    const size = Math.max(1, Math.floor(TRAINING_COUNT_AT_ONCE / seedCount));
    for (let start = 0; start < planned.length; start += size) {
      const piece = planned.slice(start, start + size);
      await this.leaderships.fenced(leadership, async (transaction) => {
        if (!(await this.jobs.hold(transaction, job.id, 'RUNNING'))) return;
        await this.announce(transaction, job.id, piece, memory);
        const trials = piece.map((trial) => ({ ...trial, ...knows(trial) }));
        const stored = await this.candidates.insertAll(transaction, context, trials, seedCount);
        refuseOthers(piece, stored);
        const ended = stored.filter(({ fitness }) => fitness !== undefined);
        await this.settlement.tell(transaction, job.id, ended);
        for (const trial of stored) memory.put(trial);
      });
    }
  }

  /** Tells of a generation whose first trials are inserted. */
  private async announce(
    transaction: Transaction,
    jobId: string,
    planned: readonly AskedTrial[],
    memory: SearchMemory,
  ): Promise<void> {
    const evolved = planned.find(({ method }) => method === SEARCH_METHOD);
    if (evolved === undefined) return;
    const { generation } = evolved;
    if (memory.all().some((trial) => trial.method === SEARCH_METHOD && trial.generation === generation)) return;
    await this.events.append(transaction, jobId, 'GENERATION_STARTED', { generation: String(generation) });
  }
}

/** The methods of a job that still ask for trials. */
function searchingOf({ job }: JobContext): SearchingMethod[] {
  const methods = searchingMethodsOf(job.spec);
  if (job.stopReason === undefined) return methods;
  return ENDS_EVOLUTION.has(job.stopReason) ? methods.filter((method) => method !== SEARCH_METHOD) : [];
}

/** What a method asks for and does not have; of equal ones, which are trained once, those that need not wait for another. */
function missingTrials(context: JobContext, method: SearchingMethod, memory: SearchMemory): AskedTrial[] {
  const mine = memory.all().filter((trial) => trial.method === method);
  const places = new Set(mine.map(placeOf));
  const missing = plannedTrials(context, method, mine).filter((trial) => !places.has(placeOf(trial)));
  const first = reusesEqualTrials(context) ? withoutRepeats(missing, mine.filter(isOpen)) : missing;
  memory.noteAsked(method, { isHoldingBack: first.length < missing.length });
  return first;
}

/** Those of the planned trials that no open one, and none before them, is equal to. */
function withoutRepeats(planned: readonly AskedTrial[], open: readonly TrialEntity[]): AskedTrial[] {
  const equals = new EqualTrials<AskedTrial | TrialEntity>(open);
  return planned.filter((trial) => {
    if (!trains(trial)) return true;
    if (equals.find(trial) !== undefined) return false;
    equals.add(trial);
    return true;
  });
}

const trains = ({ lrMultipliers }: Pick<NewTrial, 'lrMultipliers'>): boolean =>
  lrMultipliers.some((factor) => factor > 0);

const reusesEqualTrials = ({ job }: JobContext): boolean =>
  SEARCH_MODES[job.spec.search.biotune.mode].reusesEqualTrials;

/** Says what is known of a planned trial without training it, from the trials of its method that were trained. */
function knowledgeOf(
  context: JobContext,
  trials: readonly TrialEntity[],
): (planned: AskedTrial) => Pick<NewTrial, 'state' | 'fitness' | 'infeasibleReason' | 'reusedTrialId'> {
  const trained = trials.filter(({ state, reusedTrialId }) => state === 'SUCCEEDED' && reusedTrialId === undefined);
  const ofMethods = new Map<Method, EqualTrials<TrialEntity>>(
    SEARCHING_METHODS.map((method) => [method, new EqualTrials(trained.filter((trial) => trial.method === method))]),
  );
  return (planned) => {
    if (!trains(planned)) return { state: 'INFEASIBLE', infeasibleReason: 'NO_BLOCK_SELECTED', fitness: WORST_FITNESS };
    const equal = reusesEqualTrials(context) ? ofMethods.get(planned.method)?.find(planned) : undefined;
    return equal?.fitness === undefined ? {} : { state: 'SUCCEEDED', fitness: equal.fitness, reusedTrialId: equal.id };
  };
}

/** @throws {DomainError} REPLAY_DIVERGED when another trial stands in the place of a planned one. */
function refuseOthers(planned: readonly AskedTrial[], stored: readonly TrialEntity[]): void {
  const places = new Map(stored.map((trial) => [placeOf(trial), trial]));
  for (const trial of planned) {
    const found = places.get(placeOf(trial));
    if (found === undefined) throw new Error(`no trial of ${trial.method} stands in ${placeOf(trial)}`);
    if (!isEqual(trial, found)) throw diverged(trial, found);
  }
}

/** Multipliers of a genome are powers, whose last bit another engine may give otherwise. */
function isEqual(planned: AskedTrial, { genes = [], threshold, lrMultipliers }: TrialEntity): boolean {
  const [ours, theirs] = planned.genes === undefined ? [planned.lrMultipliers, lrMultipliers] : [planned.genes, genes];
  return (
    planned.threshold === threshold &&
    ours.length === theirs.length &&
    ours.every((value, index) => value === theirs[index])
  );
}

function diverged(planned: AskedTrial, { genes, threshold, lrMultipliers }: TrialEntity): DomainError {
  const { method, generation, slot } = planned;
  const stored = JSON.stringify({ genes, threshold, lrMultipliers });
  const now = JSON.stringify({
    genes: planned.genes,
    threshold: planned.threshold,
    lrMultipliers: planned.lrMultipliers,
  });
  return new DomainError(
    'REPLAY_DIVERGED',
    `${method} generation ${generation} slot ${slot} holds ${stored}; the search now plans ${now}.`,
    { method, generation: String(generation), slot: String(slot), stored, planned: now },
  );
}

/** A search that mostly cannot train has nothing to choose from. A genome without a block is no failure: it was not tried. */
function refuseInfeasibleGeneration({ job }: JobContext, all: readonly TrialEntity[]): void {
  const trials = all.filter(({ method }) => method === SEARCH_METHOD);
  const latest = trials.reduce((max, { generation }) => Math.max(max, generation), 0);
  const reasons = trials.flatMap(({ generation, state, infeasibleReason = '' }) =>
    generation === latest && state === 'INFEASIBLE' && infeasibleReason !== 'NO_BLOCK_SELECTED'
      ? [infeasibleReason]
      : [],
  );
  const size = generationSize(job.spec.search.biotune, latest);
  if (reasons.length * 2 <= size) return;
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, 1 + (counts.get(reason) ?? 0));
  const described = [...counts].map(([reason, count]) => `${reason}: ${count}`);
  throw new DomainError(
    'SEARCH_SPACE_INFEASIBLE',
    `${reasons.length} of ${size} trials of generation ${latest} cannot be trained (${described.join(', ')}): ` +
      'lower training.baseLearningRate or change the data.',
    { generation: String(latest), infeasibleCount: String(reasons.length), reasons: described.join(', ') },
  );
}
