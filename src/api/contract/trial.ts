import { z } from 'zod';
import { idSchema } from '../../domain/ids.js';
import { metricPointSchema, trialSchema } from '../../domain/job/trial.js';
import { jobRequest } from './fine-tune-job.js';
import { nextPageToken } from './page.js';

/** What a request names that is about one trial. */
export const trialRequest = jobRequest.extend({ trial: idSchema('trl') });
export type TrialRequest = z.infer<typeof trialRequest>;

export const trialListSchema = z
  .strictObject({ trials: z.array(trialSchema).readonly(), nextPageToken })
  .meta({ id: 'TrialList' });
export type TrialList = z.infer<typeof trialListSchema>;

export const metricPointListSchema = z
  .strictObject({ metricPoints: z.array(metricPointSchema).readonly(), nextPageToken })
  .meta({ id: 'MetricPointList' });
export type MetricPointList = z.infer<typeof metricPointListSchema>;
