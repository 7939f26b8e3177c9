import type { BudgetConfig } from '../../domain/job/budget.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import type { StopReason } from '../../domain/job/job-state.js';
import { isComplete, type StoredTrial } from '../../domain/job/trial.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { reachesTarget, stopReason } from '../../search/stop-rules.js';
import { trialCount } from '../../methods/generation-size.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { type JobContext, searchScopeOf } from '../job-context.js';
import { searchConfig } from '../../search/search-plan.js';

/**
 * Which of its two time budgets a search has used up, but for what is kept for the finals.
 *
 * @param wallSeconds The seconds that `activeSeconds` gives.
 * @param trainSeconds What its trainings took, in parts.
 */
export function timeBudgetStop(
  { wallSecondsMax = Infinity, gpuSecondsMax = Infinity, reserveForFinals }: BudgetConfig,
  wallSeconds: number,
  trainSeconds: Iterable<number>,
): StopReason | undefined {
  const share = 1 - reserveForFinals;
  if (wallSeconds >= wallSecondsMax * share) return 'WALL_BUDGET';
  let gpuSeconds = 0;
  for (const seconds of trainSeconds) gpuSeconds += seconds;
  return gpuSeconds >= gpuSecondsMax * share ? 'GPU_BUDGET' : undefined;
}

/** Seconds that a job has been worked on: from the lease of its first task, without its pauses. */
export const activeSeconds = (
  { activeSeconds: before, activeSince }: Pick<StoredFineTuneJob, 'activeSeconds' | 'activeSince'>,
  now: Date,
): number => before + (activeSince === undefined ? 0 : Math.max(0, now.getTime() - activeSince.getTime()) / 1000);

/** When the wall time of a search will be used up, in ms since 1970; Infinity without a budget, and while the clock stands. */
export function wallBudgetEndMs(
  { wallSecondsMax = Infinity, reserveForFinals }: Pick<BudgetConfig, 'wallSecondsMax' | 'reserveForFinals'>,
  { activeSeconds: before, activeSince }: Pick<StoredFineTuneJob, 'activeSeconds' | 'activeSince'>,
): number {
  if (activeSince === undefined) return Infinity;
  return activeSince.getTime() + 1000 * (wallSecondsMax * (1 - reserveForFinals) - before);
}

const completeOf = (trials: readonly StoredTrial[]): StoredTrial[] =>
  trials.filter((trial) => trial.method === SEARCH_METHOD && isComplete(trial));

/** Whether the evolution has trials still to come, which an end before its last generation would save. */
export const isEvolving = (
  { spec, stopReason: before }: Pick<StoredFineTuneJob, 'spec' | 'stopReason'>,
  trials: readonly StoredTrial[],
): boolean => before === undefined && completeOf(trials).length < trialCount(spec.search.biotune);

/**
 * Why the evolution ends before its last generation, if it does.
 *
 * @param confirmations Those of the target, by which it ends in a mode that confirms targets.
 */
export function evolutionStop(
  context: JobContext,
  trials: readonly StoredTrial[],
  confirmations: readonly StoredTrial[],
): StopReason | undefined {
  const { trialCountMax, targetMetricValue, plateauGenerationCount } = context.job.spec.budget;
  const { mode } = context.job.spec.search.biotune;
  const shape = { ...searchConfig(searchScopeOf(context)), mode };
  const history = completeOf(trials).map(({ generation, fitness = Infinity }) => ({ generation, fitness }));
  if (!isEvolving(context.job, trials)) return undefined;
  const rules = { trialCountMax, plateauGenerationCount };
  if (targetMetricValue === undefined) return stopReason(history, rules, shape);
  if (!SEARCH_MODES[mode].confirmsTarget) return stopReason(history, { ...rules, targetMetricValue }, shape);
  const isConfirmed = confirmations.some(({ fitness = Infinity }) => reachesTarget(fitness, targetMetricValue));
  return isConfirmed ? 'TARGET_REACHED' : stopReason(history, rules, shape);
}
