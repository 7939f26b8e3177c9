import { Injectable } from '@nestjs/common';
import type { StopReason } from '../../domain/job/job-state.js';
import { type Method, SEARCH_METHOD, SEARCHING_METHODS, type SearchingMethod } from '../../methods/method-table.js';
import { groupBy } from '../../domain/group-by.js';
import { isOpen, type StoredTrial } from '../../domain/job/trial.js';
import { byPlace } from '../../search/history.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository, type Leadership } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { seedResult, TrialRepository } from '../../storage/postgres/trial.repository.js';
import { Candidates, type ResumedTrial } from '../trials/candidates.js';
import type { JobContext } from '../job-context.js';
import { searchingMethodsOf } from '../../domain/job/methods-of-job.js';
import { TrialSettlement } from '../trials/trial-settlement.js';
import { refuseInfeasibleGeneration } from './infeasible-search.js';
import { knowledgeOf, type MissingWork, missingWork } from './missing-trials.js';
import type { Phase, PhaseStep } from './phase.js';
import { activeSeconds, evolutionStop, isEvolving, timeBudgetStop, wallBudgetEndMs } from './search-budget.js';
import { SearchMemory } from './search-memory.js';
import { type PlannedTrial, rungsOf } from '../../search/search-plan.js';
import { refuseOthers } from './search-replay.js';
import { type Confirmations, TargetConfirmation } from './target-confirmation.js';

/** Reasons that end the evolution alone; the others end every search of the job. */
const ENDS_EVOLUTION: ReadonlySet<StopReason> = new Set([
  'TARGET_REACHED',
  'PLATEAU',
  'TRIAL_BUDGET',
  'NO_EXPECTED_GAIN',
]);

/** Trainings that are inserted in one transaction. */
const TRAINING_COUNT_AT_ONCE = 500;

/** Drives the searches of a job from rows only: any coordinator, at any time, comes to the same trials. */
@Injectable()
export class Searching implements Phase {
  private readonly memories = new WeakMap<Leadership, SearchMemory>();

  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
    private readonly candidates: Candidates,
    private readonly confirmation: TargetConfirmation,
  ) {}

  /**
   * Closes what has ended, asks each search what comes next, and inserts it.
   *
   * @throws {DomainError} REPLAY_DIVERGED, SEARCH_SPACE_INFEASIBLE, or what `TrialSettlement.settle` throws.
   */
  async advance(context: JobContext): Promise<PhaseStep> {
    const { job } = context;
    const nowMs = Date.now();
    const memory = await this.recall(context);
    await this.settle(context, memory);
    const confirmations = await this.confirmation.settled(context);
    if (job.stopReason === undefined) refuseInfeasibleGeneration(context, memory.all());
    const planned = searchingOf(context)
      .filter((method) => memory.mayPlanMore(method))
      .map((method) => missingWork(context, method, memory));
    const missing = planned.filter(({ begun, resumed, dropped }) => begun.length + resumed.length + dropped.length > 0);
    const isDone = missing.length === 0 && !memory.hasOpen;
    const stop = stopReasonOf(context, memory, confirmations, isDone) ?? planned.find(isStopped)?.stop;
    if (stop !== job.stopReason && stop !== undefined) {
      await this.stop(context, stop, [...memory.all(), ...confirmations.trials]);
      return { then: 'REPEAT' };
    }
    for (const ofMethod of missing) await this.make(context, ofMethod, memory);
    if (isDone) return { then: 'DONE', write: this.confirmation.dropping(context, confirmations) };
    if (isEvolving(job, memory.all())) await this.confirmation.begin(context, memory.all(), confirmations);
    if (missing.length > 0) return { then: 'REPEAT' };
    const untilMs = wallBudgetEndMs(job.spec.budget, job);
    return { then: 'REST', ...(untilMs > nowMs && { untilMs }) };
  }

  /** What this leader knows of the job's searches; from the rows, when that may not be all. */
  private async recall({ job, leadership, news }: JobContext): Promise<SearchMemory> {
    const known = this.memories.get(leadership);
    if (known !== undefined && news !== undefined) return known;
    const isTimed = job.spec.budget.gpuSecondsMax !== undefined;
    const memory = new SearchMemory(
      await this.trials.list(job.id, 'SEARCH'),
      isTimed ? await this.trials.trainSeconds(job.id, 'SEARCH') : new Map<string, number>(),
    );
    if (rungsOf(job.spec).length > 0) await this.recallTrainings(memory);
    this.memories.set(leadership, memory);
    return memory;
  }

  /** Reads how far the candidates of the evolution have come. */
  private async recallTrainings(memory: SearchMemory): Promise<void> {
    const ids = memory.searched(SEARCH_METHOD).map(({ id }) => id);
    const trainings = groupBy(await this.trials.trainings(ids), ({ trialId }) => trialId);
    for (const [id, ofTrial] of trainings) memory.noteTrainings(id, ofTrial);
  }

  /** Closes the trials that the ends of trainings were about; without news, all that have one. */
  private async settle(context: JobContext, memory: SearchMemory): Promise<void> {
    const { job, news } = context;
    const touched =
      news === undefined
        ? await this.trials.withEndedTraining(job.id, 'SEARCH')
        : news.flatMap(({ trialId }) => trialId ?? []);
    const trials = [...new Set(touched)].flatMap((id) => memory.get(id) ?? []).sort(byPlace);
    if (trials.length === 0) return;
    const { closed, trainings } = await this.settlement.settle(context, trials);
    for (const trial of closed) memory.put(trial);
    for (const [id, ofTrial] of trainings) {
      memory.noteTrainings(id, ofTrial);
      const seconds = ofTrial.reduce((sum, training) => sum + (seedResult(training)?.trainSeconds ?? 0), 0);
      memory.trainSeconds.set(id, seconds);
    }
  }

  /**
   * Records why a search ends, and drops what of it is open; workers learn of it with their next heartbeat.
   *
   * @param trials All trials of the job so far.
   */
  private async stop(
    { job, leadership }: JobContext,
    reason: StopReason,
    trials: readonly StoredTrial[],
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

  /** Does what one method asks for. Each write is whole, and what is left follows from the same plan. */
  private async make(
    context: JobContext,
    { begun, resumed, dropped }: MissingWork,
    memory: SearchMemory,
  ): Promise<void> {
    await this.settlement.closeAll(context.leadership, dropped);
    for (const trial of dropped) memory.put(trial);
    if (resumed.length > 0) await this.resume(context, resumed, memory);
    await this.insert(context, begun, memory);
  }

  /** Lets trials go on from the rung where they wait. */
  private async resume(context: JobContext, resumed: readonly ResumedTrial[], memory: SearchMemory): Promise<void> {
    const { job, leadership } = context;
    for (const piece of piecesOf(resumed, context)) {
      await this.leaderships.fenced(leadership, async (transaction) => {
        if (!(await this.jobs.hold(transaction, job.id, 'RUNNING'))) return;
        await this.candidates.resumeAll(transaction, context, piece);
        for (const { trial } of piece) memory.noteResumed(trial);
      });
    }
  }

  /** Inserts what one method asks for, in pieces: each is whole, and the others follow from the same plan. */
  private async insert(context: JobContext, planned: readonly PlannedTrial[], memory: SearchMemory): Promise<void> {
    const { job, leadership } = context;
    const { seedCount } = job.spec.evaluation;
    const knows = knowledgeOf(context, memory.all());
    for (const piece of piecesOf(planned, context)) {
      await this.leaderships.fenced(leadership, async (transaction) => {
        if (!(await this.jobs.hold(transaction, job.id, 'RUNNING'))) return;
        await this.announce(transaction, job.id, piece, memory);
        const trials = piece.map((trial) => ({ ...trial, ...knows(trial) }));
        const stored = await this.candidates.insertAll(transaction, context, trials, seedCount);
        refuseOthers(piece, stored);
        const ended = stored.filter(({ fitness }) => fitness !== undefined);
        await this.settlement.announce(transaction, job.id, ended);
        for (const trial of stored) memory.put(trial);
      });
    }
  }

  /** Writes the event of a generation whose first trials are inserted. */
  private async announce(
    transaction: Transaction,
    jobId: string,
    planned: readonly PlannedTrial[],
    memory: SearchMemory,
  ): Promise<void> {
    const evolved = planned.find(({ method }) => method === SEARCH_METHOD);
    if (evolved === undefined) return;
    const { generation } = evolved;
    if (memory.all().some((trial) => trial.method === SEARCH_METHOD && trial.generation === generation)) return;
    await this.events.append(transaction, jobId, 'GENERATION_STARTED', { generation: String(generation) });
  }
}

/** Trials in pieces whose trainings are inserted in one transaction. */
function piecesOf<Trial>(trials: readonly Trial[], { job }: JobContext): (readonly Trial[])[] {
  const size = Math.max(1, Math.floor(TRAINING_COUNT_AT_ONCE / job.spec.evaluation.seedCount));
  const pieces: (readonly Trial[])[] = [];
  for (let start = 0; start < trials.length; start += size) pieces.push(trials.slice(start, start + size));
  return pieces;
}

const isStopped = ({ stop }: MissingWork): boolean => stop !== undefined;

/** The methods of a job that still ask for trials. */
function searchingOf({ job }: JobContext): SearchingMethod[] {
  const methods = searchingMethodsOf(job.spec);
  if (job.stopReason === undefined) return methods;
  return ENDS_EVOLUTION.has(job.stopReason) ? methods.filter((method) => method !== SEARCH_METHOD) : [];
}

/** @param isDone Nothing is left that a time budget could end. */
function stopReasonOf(
  context: JobContext,
  memory: SearchMemory,
  confirmations: Confirmations,
  isDone: boolean,
): StopReason | undefined {
  const { job } = context;
  const { budget, search } = job.spec;
  if (job.stopReason !== undefined && !ENDS_EVOLUTION.has(job.stopReason)) return job.stopReason;
  const wallSeconds = activeSeconds(job, new Date());
  const trainSeconds = [...memory.trainSeconds.values(), ...confirmations.trainSeconds];
  const byTime = isDone ? undefined : timeBudgetStop(budget, wallSeconds, trainSeconds);
  const byEvolution = () => evolutionStop(context, memory.all(), confirmations.trials);
  return byTime ?? job.stopReason ?? (search.type !== 'NONE' ? byEvolution() : undefined);
}
