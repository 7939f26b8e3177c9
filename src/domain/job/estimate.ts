import { z } from 'zod';
import { costSchema } from './cost.js';
import { resolutionSchema } from './job-result.js';
import { measuredGainSchema } from './measured-gain.js';
import { METHODS } from '../../methods/method-table.js';

export const jobEstimateSchema = z
  .strictObject({
    methods: z
      .array(
        z
          .strictObject({
            method: z.enum(METHODS).describe('The method.'),
            trialCount: z
              .int()
              .min(0)
              .describe("The number of candidates of the method's search; 0 where it has none."),
            cost: costSchema.describe(
              'What all trainings of the method take. A SOUP takes the search and the choice that its members are from, and ' +
                'the averaging. RETRAINED is taken to repeat the method whose trainings take most, and has what that one takes.',
            ),
            trainedParameterCount: z
              .number()
              .min(0)
              .describe(
                'The number of parameters that learn in a training; the mean over the candidates by which a search is ' +
                  'estimated.',
              ),
            totalParameterCount: z.int().positive().describe('The number of parameters of the network.'),
          })
          .meta({ id: 'MethodEstimate', description: 'What one method of a job takes.' }),
      )
      .readonly()
      .describe('What each method takes.'),
    cost: costSchema.describe('What all trainings of the job take.'),
    resolution: resolutionSchema
      .optional()
      .describe('What the search will be able to tell apart, from assumptions; absent without a search.'),
    expectedGain: measuredGainSchema
      .optional()
      .describe(
        'What the search may be expected to gain; absent without a search, and where no measured task is near.',
      ),
    warnings: z
      .array(z.string())
      .readonly()
      .describe('What the caller should know before the job is started, a sentence each.'),
  })
  .meta({
    id: 'JobEstimate',
    description:
      'What a job takes with all epochs of every training, though most stop early, but for those that a search drops. ' +
      'Candidates of a search are counted at the mean cost of random ones, which evolution then moves away from; in ' +
      'ACCELERATED at that of the first generation, which is known before. Where `search.space` leaves settings open, at ' +
      'the mean over its image sizes and augmentations and at the middle of its epochs.',
  });
export type JobEstimate = Readonly<z.infer<typeof jobEstimateSchema>>;
