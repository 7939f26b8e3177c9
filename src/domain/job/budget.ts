import { z } from 'zod';

/** Trainings of one search: seeds times genomes. The paper's is 420. */
export const TRAINING_COUNT_MAX = 20_000;

export const budgetSchema = z
  .strictObject({
    wallSecondsMax: z
      .number()
      .gt(0)
      .max(31_536_000)
      .optional()
      .describe(
        "The largest number of seconds from the lease of the job's first task, without pauses, at most a " +
          'year; the share `reserveForFinals` of it is kept for the finals.',
      ),
    gpuSecondsMax: z
      .number()
      .gt(0)
      .max(315_360_000)
      .optional()
      .describe(
        'The largest number of device seconds of completed trainings, summed over workers; a CPU counts as ' +
          'a device.',
      ),
    trialCountMax: z
      .int()
      .min(1)
      .max(TRAINING_COUNT_MAX)
      .optional()
      .describe('The largest number of trials of the search.'),
    targetMetricValue: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        'The validation figure at which the search ends, above 0 and at most 1: what 1 minus the fitness must reach. ' +
          'In ACCELERATED a candidate that reaches it trains once more, on another division of train and validation, and the ' +
          'search ends if it reaches it there too. Refused where the fitness is a LOSS.',
      ),
    plateauGenerationCount: z
      .int()
      .min(1)
      .max(200)
      .optional()
      .describe('The number of generations in a row without a better best after which the search ends, 1 to 200.'),
    expectedGainMin: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe(
        'The least expected gain of a generation of ACCELERATED, above 0 and below 1, in units of the fitness: 0.002 is ' +
          '0.2 points of accuracy. Before a generation that promises less the search ends; never when absent. What is ' +
          'expected follows from the candidates that have trained to their end, at least two more than `eliteCount`. ' +
          'Refused in other modes.',
      ),
    reserveForFinals: z
      .number()
      .min(0)
      .max(0.9)
      .default(0.15)
      .describe('The share of the two time budgets that the search leaves to the finals, 0 to 0.9.'),
  })
  .meta({
    id: 'BudgetConfig',
    description:
      'Where a search ends early, with the best so far. The finals are trained in any case, with the time ' +
      'that they need.',
  });
export type BudgetConfig = Readonly<z.infer<typeof budgetSchema>>;
