import { z } from 'zod';

/** What trainings took, or will take. */
export const costSchema = z
  .strictObject({
    trainingCount: z.int().min(0),
    epochCount: z.int().min(0),
    /**
     * Of convolutions and linear layers, forward and backward. A training is charged for all that its result needed, also
     * for features that another one had computed.
     */
    multiplyAccumulates: z.number().min(0),
    /** Summed over workers; absent where nothing comparable was measured. */
    trainSeconds: z.number().min(0).optional(),
  })
  .meta({ id: 'Cost' });
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
