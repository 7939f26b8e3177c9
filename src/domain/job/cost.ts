import { z } from 'zod';

export const costSchema = z
  .strictObject({
    trainingCount: z.int().min(0).describe('The number of trainings.'),
    epochCount: z
      .int()
      .min(0)
      .describe(
        'The number of epochs over all trainings; those of a head that several began with count once for each time it was trained.',
      ),
    multiplyAccumulates: z
      .number()
      .min(0)
      .describe(
        'The multiply-accumulates of convolutions and linear layers, forward and backward. A training is ' +
          'charged for all that its result needed, also for features that another one had computed; only a head ' +
          'that it took over whole from another one is charged to that one alone.',
      ),
    trainSeconds: z
      .number()
      .min(0)
      .optional()
      .describe('The seconds of training, summed over workers; absent where nothing comparable was measured.'),
  })
  .meta({ id: 'Cost', description: 'What trainings took, or will take.' });
export type Cost = Readonly<z.infer<typeof costSchema>>;

export const NO_COST: Cost = { trainingCount: 0, epochCount: 0, multiplyAccumulates: 0, trainSeconds: 0 };

/** The cost of both; its seconds are absent where one's are. */
export function addCosts(a: Cost, b: Cost): Cost {
  return {
    trainingCount: a.trainingCount + b.trainingCount,
    epochCount: a.epochCount + b.epochCount,
    multiplyAccumulates: a.multiplyAccumulates + b.multiplyAccumulates,
    ...(a.trainSeconds !== undefined &&
      b.trainSeconds !== undefined && { trainSeconds: a.trainSeconds + b.trainSeconds }),
  };
}
