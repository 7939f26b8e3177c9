import type { TrialPhase } from '../domain/job/trial.js';

/** Seeds of the paper, then others; a search uses the first `count` (at most 10). */
const SEARCH_SEEDS = [684, 559, 629, 192, 835, 763, 707, 359, 9, 723] as const;

/** What was chosen with one seed is tried again with others, so that luck with a seed is not carried over. */
const FIRST_SEEDS = { SELECTION: 50_000, FINALS: 100_000 } as const satisfies Partial<Record<TrialPhase, number>>;

/** Seeds of the trainings of one phase; no two phases share one. */
export const trainingSeeds = (phase: TrialPhase, count: number): readonly number[] =>
  phase === 'SEARCH'
    ? SEARCH_SEEDS.slice(0, count)
    : Array.from({ length: count }, (_, index) => FIRST_SEEDS[phase] + index);
