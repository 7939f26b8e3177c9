import { z } from 'zod';

/** Trainings of one search: seeds times genomes. The paper's is 420. */
export const TRAINING_COUNT_MAX = 20_000;

/** Where a search ends early, with the best so far. The finals are trained in any case, with the time that they need. */
export const budgetSchema = z
  .strictObject({
    /** From the lease of the job's first task, without pauses; `reserveForFinals` of it is kept for the finals. */
    wallSecondsMax: z.number().gt(0).max(31_536_000).optional(),
    /** Device time of completed trainings, summed over workers; a CPU counts as a device. */
    gpuSecondsMax: z.number().gt(0).max(315_360_000).optional(),
    /** Trials of the search. */
    trialCountMax: z.int().min(1).max(TRAINING_COUNT_MAX).optional(),
    /** Of the validation figure that fitness is 1 minus of. */
    targetMetricValue: z.number().gt(0).max(1).optional(),
    /** Generations in a row without a better best. */
    plateauGenerationCount: z.int().min(1).max(200).optional(),
    /** Share of the two time budgets that the search leaves to the finals. */
    reserveForFinals: z.number().min(0).max(0.9).default(0.15),
  })
  .meta({ id: 'BudgetConfig' });
export type BudgetConfig = Readonly<z.infer<typeof budgetSchema>>;
