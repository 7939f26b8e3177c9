import { Injectable } from '@nestjs/common';
import type { FineTuneJobSpec } from '../../domain/job/fine-tune-job.js';
import { isOpen, type NewTrial, type StoredTrial } from '../../domain/job/trial.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { phenotypeKey } from '../../search/equal-trials.js';
import { byPlace } from '../../search/history.js';
import { reachesTarget } from '../../search/stop-rules.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { candidateOf, Candidates } from '../trials/candidates.js';
import type { JobContext } from '../job-context.js';
import { TrialSettlement } from '../trials/trial-settlement.js';
import type { Write } from './phase.js';

/** The confirmations of a job's target so far. */
export interface Confirmations {
  /** The trials of the phase CONFIRMATION; at most one of them is open. */
  readonly trials: readonly StoredTrial[];
  /** The seconds that the training of each took; empty where no budget asks for them. */
  readonly trainSeconds: readonly number[];
}

const NONE: Confirmations = { trials: [], trainSeconds: [] };

/**
 * The trial that the next confirmation is: the best candidate that has reached the target and that was not tried so before,
 * in the place of the trial that it confirms.
 *
 * @param searched All trials of the job's searches, in any order.
 * @param confirmations The job's trials of the phase CONFIRMATION.
 * @returns undefined while one is open, and where none is due or the job confirms no target.
 */
export function nextConfirmation(
  spec: Pick<FineTuneJobSpec, 'search' | 'budget'>,
  searched: readonly StoredTrial[],
  confirmations: readonly StoredTrial[],
): NewTrial | undefined {
  const { targetMetricValue } = spec.budget;
  if (targetMetricValue === undefined || !confirmsTarget(spec) || confirmations.some(isOpen)) return undefined;
  const triedBefore = new Set(confirmations.map(phenotypeKey));
  const [best] = searched
    .filter(({ method, state }) => method === SEARCH_METHOD && state === 'SUCCEEDED')
    .filter(({ fitness = Infinity }) => reachesTarget(fitness, targetMetricValue))
    .filter((trial) => !triedBefore.has(phenotypeKey(trial)))
    .toSorted((a, b) => (a.fitness ?? Infinity) - (b.fitness ?? Infinity) || byPlace(a, b));
  if (best === undefined) return undefined;
  const { generation, slot, origin } = best;
  return { phase: 'CONFIRMATION', generation, slot, origin, ...candidateOf(best) };
}

/** Whether a job's search ends at a target only once a candidate has reached it on other images too. */
const confirmsTarget = ({ search, budget }: Pick<FineTuneJobSpec, 'search' | 'budget'>): boolean =>
  budget.targetMetricValue !== undefined && SEARCH_MODES[search.biotune.mode].confirmsTarget;

/**
 * Trains candidates that have reached the target once more, on another division of train and validation, one after the other
 * beside the search (ADR 29). What is known of them is read from their rows at every step.
 */
@Injectable()
export class TargetConfirmation {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
    private readonly candidates: Candidates,
  ) {}

  /**
   * Closes the confirmation that has ended, and reads all.
   *
   * @throws {DomainError} what `TrialSettlement.settle` throws.
   */
  async settled(context: JobContext): Promise<Confirmations> {
    const { job } = context;
    if (!confirmsTarget(job.spec)) return NONE;
    const stored = await this.trials.list(job.id, 'CONFIRMATION');
    const { closed } = await this.settlement.settle(context, stored.filter(isOpen));
    const isTimed = job.spec.budget.gpuSecondsMax !== undefined;
    const seconds = isTimed ? await this.trials.trainSeconds(job.id, 'CONFIRMATION') : new Map<string, number>();
    return {
      trials: stored.map((trial) => closed.find(({ id }) => id === trial.id) ?? trial),
      trainSeconds: [...seconds.values()],
    };
  }

  /** Begins the next confirmation, if one is due. */
  async begin(context: JobContext, searched: readonly StoredTrial[], { trials }: Confirmations): Promise<void> {
    const { job, leadership } = context;
    const next = nextConfirmation(job.spec, searched, trials);
    if (next === undefined) return;
    await this.leaderships.fenced(leadership, async (transaction) => {
      if (!(await this.jobs.hold(transaction, job.id, 'RUNNING'))) return;
      await this.candidates.insertAll(transaction, context, [next], 1);
    });
  }

  /** Gives up the confirmation that is open as the search ends by itself: it would change nothing any more. */
  dropping({ job }: JobContext, { trials }: Confirmations): Write {
    const ids = trials.filter(isOpen).map(({ id }) => id);
    return async (transaction) => {
      if (ids.length === 0) return;
      // Tasks before trials, as a lease locks them.
      await this.tasks.cancelQueued(transaction, job.id, ids);
      await this.trials.cancelOpen(transaction, job.id, [SEARCH_METHOD]);
    };
  }
}
