import { z } from 'zod';
import { IMAGE_DIVISIONS } from './image-division.js';

export const FINALS_CHOICES = ['BEST', 'CHEAPEST_WITHIN_ONE_ERROR'] as const;
export type FinalsChoice = (typeof FINALS_CHOICES)[number];

export const jobFinalsSchema = z
  .strictObject({
    finalistCount: z
      .int()
      .min(1)
      .max(10)
      .describe(
        'The number of best candidates of each search that train on all the data, with further seeds, ' +
          'before one goes on, 1 to 10; 3 when absent.',
      ),
    seedCount: z
      .int()
      .min(1)
      .max(10)
      .describe(
        'The number of seeds of that choice, and of as many others for the report, 1 to 10; when absent 2 in ' +
          'ACCELERATED, 3 elsewhere.',
      ),
    division: z
      .enum(IMAGE_DIVISIONS)
      .describe(
        'Which images those trainings train on and validate on; when absent REDIVIDED in ACCELERATED, FIXED elsewhere. ' +
          'FIXED: those of train, and those of validation. REDIVIDED: train and validation together are cut into ' +
          'parts about as large as validation; each seed validates on the next part and trains on all others, so ' +
          'that the images which chose a candidate in the search do not choose alone.',
      ),
    choice: z
      .enum(FINALS_CHOICES)
      .describe(
        'How one candidate of a search and the delivered method are chosen; when absent ' +
          'CHEAPEST_WITHIN_ONE_ERROR in ACCELERATED, BEST elsewhere. BEST: the best on validation by its mean over the seeds. ' +
          'CHEAPEST_WITHIN_ONE_ERROR: of those that are within one paired standard error of the best on validation, ' +
          'by the figure of `evaluation.fitness`, that whose trainings take the fewest multiply-accumulates; ' +
          'a soup takes the averaging alone, as its members were trained to choose among them.',
      ),
    usesSoup: z
      .boolean()
      .describe(
        "Whether the models of the search's finalists are averaged, for each seed that they were told apart with, and " +
          'the soups are reported and may be delivered as the method SOUP. For a search of mode ACCELERATED with more ' +
          'than one finalist: true there when absent, unless `retrains` is true; false when absent elsewhere.',
      ),
    retrains: z
      .boolean()
      .default(false)
      .describe(
        'Whether the method that would be delivered is trained again once the finals have ended, with the same seeds, on the ' +
          'images of train and validation together, for the median of the best epochs of its finals: it is reported ' +
          'as the method RETRAINED, and delivered in the place of the method that it repeats, though nothing is left ' +
          'to validate it on. Refused together with `usesSoup`: a soup has no epochs that could be repeated.',
      ),
  })
  .meta({
    id: 'JobFinals',
    description:
      'How the candidates that a search found are told apart, and how all methods are reported, with what the ' +
      'request has left to the mode.',
  });
export type FinalsConfig = Readonly<z.infer<typeof jobFinalsSchema>>;

export const finalsSchema = jobFinalsSchema
  .partial({ finalistCount: true, seedCount: true, division: true, choice: true, usesSoup: true })
  .meta({
    id: 'FinalsConfig',
    description: 'How the candidates that a search found are told apart, and how all methods are reported.',
  });
