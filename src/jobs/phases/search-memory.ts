import { isOpen, type StoredTrial } from '../../domain/job/trial.js';
import type { Method, SearchingMethod } from '../../methods/method-table.js';
import type { SearchedTrial } from '../../search/search-plan.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { rungLosses, waitsAtRung } from '../trials/rung-losses.js';

/**
 * The trials of a job's searches as its leader knows them: read whole once, then kept by what the leader changes itself.
 * Nothing depends on it but how much is read: another leader comes to the same from the rows.
 */
export class SearchMemory {
  private readonly trials = new Map<string, StoredTrial>();
  private readonly openIds = new Map<Method, Set<string>>();
  private readonly planned = new Set<SearchingMethod>();
  /** Methods of which a trial has changed since their latest plan. */
  private readonly changed = new Set<Method>();
  /** Methods with planned trials that wait for an equal one. */
  private readonly holdingBack = new Set<SearchingMethod>();

  private readonly losses = new Map<string, readonly number[]>();
  /** The trainings of trials that wait at a rung. */
  private readonly waiting = new Map<string, readonly Training[]>();

  /** @param trainSeconds Seconds that the ended trainings of each trial took; empty where no budget asks for them. */
  constructor(
    trials: readonly StoredTrial[],
    readonly trainSeconds: Map<string, number>,
  ) {
    for (const trial of trials) this.put(trial);
  }

  get(id: string): StoredTrial | undefined {
    return this.trials.get(id);
  }

  /** All trials, in no order that a plan may depend on. */
  all(): StoredTrial[] {
    return [...this.trials.values()];
  }

  /** All trials of a method, with their losses at the rungs that they came to. */
  searched(method: SearchingMethod): SearchedTrial[] {
    return this.all()
      .filter((trial) => trial.method === method)
      .map((trial) => ({ ...trial, losses: this.losses.get(trial.reusedTrialId ?? trial.id) ?? [] }));
  }

  /** The trainings of a trial that waits at a rung; undefined while it trains, and once it has ended. */
  waitingAtRung(id: string): readonly Training[] | undefined {
    return this.waiting.get(id);
  }

  /** Notes how far the trainings of a trial have come. */
  noteTrainings(id: string, trainings: readonly Training[]): void {
    const trial = this.trials.get(id);
    const losses = rungLosses(trainings);
    if (trial === undefined || losses.length === (this.losses.get(id)?.length ?? 0)) return;
    this.losses.set(id, losses);
    this.changed.add(trial.method);
    if (isOpen(trial) && waitsAtRung(trainings)) this.waiting.set(id, trainings);
  }

  /** Notes that a trial goes on from the rung where it waited. */
  noteResumed({ id }: StoredTrial): void {
    this.waiting.delete(id);
  }

  get hasOpen(): boolean {
    return [...this.openIds.values()].some(({ size }) => size > 0);
  }

  /** Adds a trial, or takes its new state. */
  put(trial: StoredTrial): void {
    const { id, method } = trial;
    const open = this.openIds.get(method) ?? new Set();
    this.openIds.set(method, open);
    if (isOpen(trial)) open.add(id);
    else {
      open.delete(id);
      this.waiting.delete(id);
    }
    this.trials.set(id, trial);
    this.changed.add(method);
  }

  /** Whether a method may plan more trials: while nothing has changed, it would plan the same ones again. */
  mayPlanMore(method: SearchingMethod): boolean {
    if (!this.planned.has(method)) return true;
    const open = [...(this.openIds.get(method) ?? [])];
    const waitsForItsTrials = open.some((id) => !this.waiting.has(id)) && !this.holdingBack.has(method);
    return this.changed.has(method) && !waitsForItsTrials;
  }

  /** Notes that a method has planned with all that is known now. */
  notePlanned(method: SearchingMethod, { isHoldingBack }: { readonly isHoldingBack: boolean }): void {
    this.planned.add(method);
    this.changed.delete(method);
    if (isHoldingBack) this.holdingBack.add(method);
    else this.holdingBack.delete(method);
  }
}
