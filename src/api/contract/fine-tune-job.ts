import { z } from 'zod';
import { eventSchema } from '../../domain/job/event.js';
import { fineTuneJobSchema } from '../../domain/job/fine-tune-job.js';
import { idSchema } from '../../domain/ids.js';
import { nextPageToken } from './page.js';
import { projectRequest } from './project.js';

/** What a request names that is about one job: to read, cancel, pause or resume it, or to list what belongs to it. */
export const jobRequest = projectRequest.extend({ job: idSchema('ftj').describe('The id of the job.') });
export type JobRequest = z.infer<typeof jobRequest>;

export const fineTuneJobListSchema = z
  .strictObject({ fineTuneJobs: z.array(fineTuneJobSchema).readonly().describe('The jobs.'), nextPageToken })
  .meta({ id: 'FineTuneJobList', description: 'A page of jobs, newest first.' });
export type FineTuneJobList = z.infer<typeof fineTuneJobListSchema>;

export const eventListSchema = z
  .strictObject({ events: z.array(eventSchema).readonly().describe('The events.'), nextPageToken })
  .meta({ id: 'EventList', description: 'A page of what happened to a job, oldest first.' });
export type EventList = z.infer<typeof eventListSchema>;
