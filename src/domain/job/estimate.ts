import { z } from 'zod';
import { costSchema } from './cost.js';
import { resolutionSchema } from './job-result.js';
import { METHODS } from '../../methods/method-table.js';

/**
 * What a job takes: every training with all its epochs, though most stop early; candidates of a search at the mean cost of
 * random ones, which evolution then moves away from.
 */
export const jobEstimateSchema = z
  .strictObject({
    methods: z
      .array(
        z
          .strictObject({
            method: z.enum(METHODS),
            /** Candidates of its search; 0 where it has none. */
            trialCount: z.int().min(0),
            cost: costSchema,
            /** Numbers that learn in a training; the mean over random candidates of a search. */
            trainedParameterCount: z.number().min(0),
            totalParameterCount: z.int().positive(),
          })
          .meta({ id: 'MethodEstimate' }),
      )
      .readonly(),
    cost: costSchema,
    /** From assumptions; absent without a search. */
    resolution: resolutionSchema.optional(),
    warnings: z.array(z.string()).readonly(),
  })
  .meta({ id: 'JobEstimate' });
export type JobEstimate = Readonly<z.infer<typeof jobEstimateSchema>>;
