import { isOpen, type StoredTrial } from '../../domain/job/trial.js';
import type { Method, SearchingMethod } from '../../methods/method-table.js';

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

  get hasOpen(): boolean {
    return [...this.openIds.values()].some(({ size }) => size > 0);
  }

  /** Adds a trial, or takes its new state. */
  put(trial: StoredTrial): void {
    const { id, method } = trial;
    const open = this.openIds.get(method) ?? new Set();
    this.openIds.set(method, open);
    if (isOpen(trial)) open.add(id);
    else open.delete(id);
    this.trials.set(id, trial);
    this.changed.add(method);
  }

  /** Whether a method may plan more trials: while nothing has changed, it would plan the same ones again. */
  mayPlanMore(method: SearchingMethod): boolean {
    if (!this.planned.has(method)) return true;
    const waitsForItsTrials = (this.openIds.get(method)?.size ?? 0) > 0 && !this.holdingBack.has(method);
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
