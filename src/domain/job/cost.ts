import { z } from 'zod';

export const costSchema = z
  .strictObject({
    trainingCount: z.int().min(0).describe('The number of trainings.'),
    epochCount: z.int().min(0).describe('The number of epochs over all trainings.'),
    multiplyAccumulates: z
      .number()
      .min(0)
      .describe(
        'The multiply-accumulates of convolutions and linear layers, forward and backward. A training is ' +
          'charged for all that its result needed, also for features and heads that another one had computed.',
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
