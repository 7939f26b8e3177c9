import { z } from 'zod';

/** Whether this process can serve, and what it waits for. */
export const readinessSchema = z
  .strictObject({ ready: z.boolean(), database: z.boolean(), objectStore: z.boolean(), shuttingDown: z.boolean() })
  .meta({ id: 'Readiness' });
export type ReadinessAnswer = z.infer<typeof readinessSchema>;

export const livenessSchema = z.strictObject({ alive: z.literal(true) }).meta({ id: 'Liveness' });
export type Liveness = z.infer<typeof livenessSchema>;
