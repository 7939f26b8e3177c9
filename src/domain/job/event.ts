import { z } from 'zod';
import { timestampSchema } from '../text.js';

export const eventSchema = z
  .strictObject({
    seq: z.int().positive().describe('The number of the event within its job, from 1.'),
    type: z
      .enum([
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
      ])
      .describe(
        "What happened. TASK_FAILED: a task failed once too often in a way that may be the genome's fault, " +
          'and its trial is infeasible. SEARCH_STOPPED: the search ended before its last generation, with the ' +
          'best so far.',
      ),
    payload: z.record(z.string(), z.string()).describe('What there is to know about the event, by name.'),
    time: timestampSchema.describe('The time at which it happened, RFC 3339 in UTC.'),
  })
  .meta({ id: 'Event', description: 'Something that happened to a job, numbered without gaps within it.' });
export type JobEvent = Readonly<z.infer<typeof eventSchema>>;
export type EventType = JobEvent['type'];
