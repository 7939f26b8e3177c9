import { z } from 'zod';
import type { Reason } from '../reasons.js';
import { timestampSchema } from '../text.js';

/** Degraded: work waits for the infrastructure. Paused: nothing is leased until someone resumes the job. */
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

/** Something about a job that its state does not say, as Kubernetes' `metav1.Condition`. */
export const conditionSchema = z
  .strictObject({
    type: z.enum(CONDITION_TYPES),
    /** A condition that does not hold is left out. */
    status: z.literal('True'),
    reason: z.enum(CONDITION_REASONS),
    message: z.string(),
    lastTransitionTime: timestampSchema,
  })
  .meta({ id: 'Condition' });
export type Condition = Readonly<z.infer<typeof conditionSchema>>;

/** A pause as its job's row keeps it. */
export interface Pause {
  readonly reason: (typeof PAUSE_REASONS)[number];
  readonly message: string;
  readonly time: string;
}
