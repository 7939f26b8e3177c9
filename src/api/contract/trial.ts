import { z } from 'zod';
import { idSchema } from '../../domain/ids.js';
import { metricPointSchema, trialSchema } from '../../domain/job/trial.js';
import { jobRequest } from './fine-tune-job.js';
import { nextPageToken } from './page.js';

/** What a request names that is about one trial. */
export const trialRequest = jobRequest.extend({ trial: idSchema('trl').describe('The id of the trial.') });
export type TrialRequest = z.infer<typeof trialRequest>;

export const trialListSchema = z
  .strictObject({ trials: z.array(trialSchema).readonly().describe('The trials.'), nextPageToken })
  .meta({ id: 'TrialList', description: 'A page of trials, by phase, generation and slot.' });
export type TrialList = z.infer<typeof trialListSchema>;

export const metricPointListSchema = z
  .strictObject({ metricPoints: z.array(metricPointSchema).readonly().describe('The values.'), nextPageToken })
  .meta({ id: 'MetricPointList', description: "A page of values of the curves of a trial's trainings." });
export type MetricPointList = z.infer<typeof metricPointListSchema>;
