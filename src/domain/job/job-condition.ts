import { z } from 'zod';
import type { Reason } from '../reasons.js';
import { timestampSchema } from '../text.js';

/** The values of `type` of a condition. */
export const CONDITION_TYPES = ['Degraded', 'Paused'] as const;

/** What Degraded says of each failure that is nobody's fault but ours. */
export const DEGRADED_REASONS = {
  STORAGE_UNAVAILABLE: 'StorageUnavailable',
  DATABASE_UNAVAILABLE: 'DatabaseUnavailable',
  COORDINATOR_LOST: 'CoordinatorLost',
  SCRATCH_FULL: 'ScratchFull',
  ARTIFACT_CORRUPT: 'ArtifactCorrupt',
  GPU_UNAVAILABLE: 'GpuUnavailable',
  RUNTIME_MISMATCH: 'RuntimeMismatch',
} as const satisfies Partial<Record<Reason, string>>;

/** Why a job is paused: someone asked for it, or the infrastructure has been away for too long. */
export const PAUSE_REASONS = ['Requested', 'NoProgress'] as const;

export const CONDITION_REASONS = [...Object.values(DEGRADED_REASONS), 'InternalError', ...PAUSE_REASONS] as const;

export const conditionSchema = z
  .strictObject({
    type: z
      .enum(CONDITION_TYPES)
      .describe(
        'What holds. Degraded: work waits for the infrastructure. Paused: nothing is leased until someone ' +
          'resumes the job.',
      ),
    status: z
      .literal('True')
      .describe('Whether the condition holds: always `True`, because one that does not is left out.'),
    reason: z.enum(CONDITION_REASONS).describe('Why the condition holds, in CamelCase, such as `StorageUnavailable`.'),
    message: z.string().describe('Why the condition holds, in a sentence.'),
    lastTransitionTime: timestampSchema.describe('The time since which the condition holds, RFC 3339 in UTC.'),
  })
  .meta({
    id: 'Condition',
    description: "Something about a job that its state does not say, as Kubernetes' `metav1.Condition`.",
  });
export type Condition = Readonly<z.infer<typeof conditionSchema>>;

/** A pause as its job's row keeps it. */
export interface Pause {
  readonly reason: (typeof PAUSE_REASONS)[number];
  readonly message: string;
  readonly time: string;
}
