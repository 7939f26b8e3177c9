import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import type { StopReason } from '../domain/fine-tune-job.js';
import { SEARCHING_METHODS, type SearchingMethod } from '../domain/method.js';
import { generationSize } from '../search/biotune.js';
import { findEqualTrial } from '../search/equal-trials.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { TrialRepository, type NewTrial } from '../storage/postgres/trial.repository.js';
import { Candidates } from './candidates.js';
import type { JobContext } from './job-context.js';
import { searchingMethodsOf } from './methods.js';
import { activeSeconds, evolutionStop, timeBudgetStop } from './search-budget.js';
import { plannedTrials, type AskedTrial } from './search-plan.js';
import { isOpen, TrialSettlement, WORST_FITNESS } from './trial-settlement.js';

/** Reasons that end the evolution alone; the others end every search of the job. */
const ENDS_EVOLUTION: ReadonlySet<StopReason> = new Set(['TARGET_REACHED', 'PLATEAU', 'TRIAL_BUDGET']);

/** Drives the searches of a job from rows only: any coordinator, at any time, comes to the same trials. */
@Injectable()
export class SearchLoop {
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
   * @returns whether all searches are done.
   * @throws {DomainError} REPLAY_DIVERGED, SEARCH_SPACE_INFEASIBLE, or what `TrialSettlement.settle` throws.
   */
  async advance(context: JobContext): Promise<boolean> {
    const { job, leadership } = context;
    const before = await this.trials.list(job.id, 'SEARCH');
    const hasNews = await this.settlement.settle(leadership, before, job.spec.search.biotune.fitness);
    const trials = hasNews ? await this.trials.list(job.id, 'SEARCH') : before;
    if (job.stopReason === undefined) refuseInfeasibleGeneration(context, trials);
    // What is open of a method was planned from the same history: there is nothing to ask for until one of it ends.
    const missing = searchingOf(context)
      .filter((method) => hasNews || !trials.some((trial) => trial.method === method && isOpen(trial)))
      .flatMap((method) => missingTrials(context, method, trials));
    const isDone = missing.length === 0 && !trials.some(isOpen);
    const stop = await this.stopReason(context, trials, isDone);
    if (stop !== job.stopReason && stop !== undefined) {
      await this.stop(context, stop);
      return false;
    }
    if (missing.length > 0) {
      await this.leaderships.fenced(leadership, async (transaction) => {
        if (!(await this.jobs.hold(transaction, job.id, 'RUNNING'))) return;
        await this.insert(transaction, context, missing, trials);
      });
    }
    return isDone;
  }

  /** @param isDone Nothing is left that a time budget could end. */
  private async stopReason(
    context: JobContext,
    trials: readonly TrialEntity[],
    isDone: boolean,
  ): Promise<StopReason | undefined> {
    const { job } = context;
    const { budget, search } = job.spec;
    if (job.stopReason !== undefined && !ENDS_EVOLUTION.has(job.stopReason)) return job.stopReason;
    const totals = budget.maxGpuSeconds === undefined ? [] : await this.trials.trainingTotals([job.id]);
    const byTime = isDone ? undefined : timeBudgetStop(budget, activeSeconds(job, new Date()), totals);
    return byTime ?? job.stopReason ?? (search.type === 'BIOTUNE' ? evolutionStop(context, trials) : undefined);
  }

  /** Records why a search ends, and drops what of it is open; workers are told by their next heartbeat. */
  private async stop({ job, leadership }: JobContext, reason: StopReason): Promise<void> {
    const methods = ENDS_EVOLUTION.has(reason) ? (['BIOTUNE'] as const) : SEARCHING_METHODS;
    await this.leaderships.fenced(leadership, async (transaction) => {
      if (!(await this.jobs.stopSearch(transaction, job, reason))) return;
      for (const trial of await this.trials.cancelOpen(transaction, job.id, methods)) {
        await this.tasks.cancelQueued(transaction, job.id, trial);
      }
    });
  }

  private async insert(
    transaction: Transaction,
    context: JobContext,
    planned: readonly AskedTrial[],
    before: readonly TrialEntity[],
  ): Promise<void> {
    const { job } = context;
    const evolved = planned.find(({ method }) => method === 'BIOTUNE');
    if (
      evolved !== undefined &&
      !before.some((trial) => trial.method === 'BIOTUNE' && trial.generation === evolved.generation)
    ) {
      await this.events.append(transaction, job.id, 'GENERATION_STARTED', { generation: String(evolved.generation) });
    }
    for (const trial of planned) {
      const { seedCount } = job.spec.search.biotune;
      const stored = await this.candidates.insert(
        transaction,
        context,
        { ...trial, ...known(context, trial, before) },
        seedCount,
      );
      if (!isEqual(trial, stored)) throw diverged(trial, stored);
      if (stored.fitness !== undefined) await this.settlement.tell(transaction, stored, stored);
    }
  }
}

/** The methods of a job that still ask for trials. */
function searchingOf({ job }: JobContext): SearchingMethod[] {
  const methods = searchingMethodsOf(job.spec);
  if (job.stopReason === undefined) return methods;
  return ENDS_EVOLUTION.has(job.stopReason) ? methods.filter((method) => method !== 'BIOTUNE') : [];
}

/** What a method asks for and does not have; of equal ones, which are trained once, those that need not wait for another. */
function missingTrials(context: JobContext, method: SearchingMethod, trials: readonly TrialEntity[]): AskedTrial[] {
  const mine = trials.filter((trial) => trial.method === method);
  const places = new Set(mine.map(placeOf));
  const missing = plannedTrials(context, method, mine).filter((trial) => !places.has(placeOf(trial)));
  if (!reusesEqualTrials(context)) return missing;
  const open = mine.filter(isOpen);
  return missing.filter(
    (trial, index) => !trains(trial) || findEqualTrial(trial, [...open, ...missing.slice(0, index)]) === undefined,
  );
}

const placeOf = ({ generation, slot }: Pick<NewTrial, 'generation' | 'slot'>): string => `${generation}/${slot}`;

const trains = ({ lrMultipliers }: Pick<NewTrial, 'lrMultipliers'>): boolean =>
  lrMultipliers.some((factor) => factor > 0);

const reusesEqualTrials = ({ job }: JobContext): boolean => job.spec.search.biotune.mode === 'PAPER_FAST';

/** What is known of a planned trial without training it. */
function known(
  context: JobContext,
  planned: AskedTrial,
  trials: readonly TrialEntity[],
): Pick<NewTrial, 'state' | 'fitness' | 'infeasibleReason' | 'reusedTrialId'> {
  if (!trains(planned)) return { state: 'INFEASIBLE', infeasibleReason: 'NO_BLOCK_SELECTED', fitness: WORST_FITNESS };
  if (!reusesEqualTrials(context)) return {};
  const trained = trials.filter(
    ({ method, state, reusedTrialId }) =>
      method === planned.method && state === 'SUCCEEDED' && reusedTrialId === undefined,
  );
  const equal = findEqualTrial(planned, trained);
  return equal?.fitness === undefined ? {} : { state: 'SUCCEEDED', fitness: equal.fitness, reusedTrialId: equal.id };
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
  const trials = all.filter(({ method }) => method === 'BIOTUNE');
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
