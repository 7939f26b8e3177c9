import type { BudgetConfig } from '../../domain/job/budget.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import type { StopReason } from '../../domain/job/job-state.js';
import { isComplete, type StoredTrial } from '../../domain/job/trial.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { stopReason } from '../../search/stop-rules.js';
import { trialCount } from '../../methods/generation-size.js';
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

/** Why the evolution ends before its last generation, if it does. */
export function evolutionStop(context: JobContext, trials: readonly StoredTrial[]): StopReason | undefined {
  const { trialCountMax, targetMetricValue, plateauGenerationCount } = context.job.spec.budget;
  const { mode } = context.job.spec.search.biotune;
  const shape = { ...searchConfig(searchScopeOf(context)), mode };
  const history = trials
    .filter((trial) => trial.method === SEARCH_METHOD && isComplete(trial))
    .map(({ generation, fitness = Infinity }) => ({ generation, fitness }));
  if (history.length >= trialCount(shape)) return undefined;
  const rules = { trialCountMax, targetMetricValue, plateauGenerationCount };
  return stopReason(history, rules, shape);
}
