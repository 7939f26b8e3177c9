import { z } from 'zod';

export const readinessSchema = z
  .strictObject({
    ready: z.boolean().describe('Whether the process can serve.'),
    database: z.boolean().describe('Whether the database answers.'),
    objectStore: z.boolean().describe('Whether the object storage answers.'),
    shuttingDown: z.boolean().describe('Whether the process is ending.'),
  })
  .meta({ id: 'Readiness', description: 'Whether this process can serve, and what it waits for.' });
export type ReadinessAnswer = z.infer<typeof readinessSchema>;

export const livenessSchema = z
  .strictObject({ alive: z.literal(true).describe('Always true: a process that does not run gives no answer.') })
  .meta({ id: 'Liveness', description: 'Whether this process runs.' });
export type Liveness = z.infer<typeof livenessSchema>;
