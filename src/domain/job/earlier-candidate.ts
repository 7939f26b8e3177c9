import { z } from 'zod';
import { trialSchema } from './trial.js';

export const earlierCandidateSchema = z
  .strictObject({
    job: z.string().describe('The resource name of the earlier job.'),
    lrMultipliers: trialSchema.shape.lrMultipliers,
  })
  .meta({ id: 'EarlierCandidate', description: 'The best candidate of an earlier job, as a search takes it over.' });
/** The best candidate of an earlier job. */
export type EarlierCandidate = Readonly<z.infer<typeof earlierCandidateSchema>>;

const distance = z
  .number()
  .min(0)
  .describe(
    "How far the job's data are from those of this one, from 0: 1 where there are twice or half as many training " +
      'images, or classes, or pixels along a side of an image.',
  );

export const priorCandidateSchema = earlierCandidateSchema.extend({ distance }).meta({
  id: 'PriorCandidate',
  description: 'The best candidate of an earlier job whose data look like those of this one.',
});
/** The best candidate of an earlier job, which nobody has named. */
export type PriorCandidate = Readonly<z.infer<typeof priorCandidateSchema>>;

export const priorOutcomeSchema = z
  .strictObject({
    job: earlierCandidateSchema.shape.job,
    distance,
    trial: z
      .string()
      .optional()
      .describe(
        'The resource name of the trial of generation 0 that tried the candidate; absent where it had no place.',
      ),
    rank: z
      .int()
      .positive()
      .optional()
      .describe(
        "The trial's place by fitness among the trials of generation 0, from 1; equals share one. Absent where the " +
          'trial has no fitness.',
      ),
  })
  .meta({ id: 'PriorOutcome', description: 'How the best candidate of an earlier job did in the search of this one.' });
/** How the best candidate of an earlier job did. */
export type PriorOutcome = Readonly<z.infer<typeof priorOutcomeSchema>>;
