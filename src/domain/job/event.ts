import { z } from 'zod';
import { timestampSchema } from '../text.js';

/** Something that happened to a job, numbered without gaps within it. */
export const eventSchema = z
  .strictObject({
    seq: z.int().positive(),
    type: z.enum([
      'JOB_CREATED',
      'JOB_STATE_CHANGED',
      'JOB_PHASE_CHANGED',
      'GENERATION_STARTED',
      'SEARCH_STOPPED',
      'TRIAL_COMPLETED',
      'TASK_REQUEUED',
      'TASK_FAILED',
      'CANCEL_REQUESTED',
      'PAUSE_REQUESTED',
      'RESUME_REQUESTED',
      'MODEL_VERSION_READY',
    ]),
    payload: z.record(z.string(), z.string()),
    time: timestampSchema,
  })
  .meta({ id: 'Event' });
export type JobEvent = Readonly<z.infer<typeof eventSchema>>;
export type EventType = JobEvent['type'];
