import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { isTerminal } from '../../domain/job/job-state.js';
import type { Reason } from '../../domain/reasons.js';
import { type Condition, DEGRADED_REASONS } from '../../domain/job/job-condition.js';
import type { TaskOutage } from '../../storage/postgres/task.repository.js';

const degradedReasons: Readonly<Partial<Record<Reason, Condition['reason']>>> = DEGRADED_REASONS;

/** The conditions of a job that hold, from its row and the outage of its tasks. */
export function conditionsOf({
  job,
  outage,
}: {
  readonly job: Pick<StoredFineTuneJob, 'state' | 'pause' | 'outage' | 'outageSince'>;
  readonly outage: Pick<TaskOutage, 'since' | 'failure'> | undefined;
}): Condition[] {
  if (isTerminal(job.state)) return [];
  const pause = job.state === 'CANCELLING' ? undefined : job.pause;
  const own = job.outage && job.outageSince ? { failure: job.outage, since: job.outageSince } : undefined;
  const worst = own ?? outage;
  const status = 'True' as const;
  return [
    ...(worst === undefined
      ? []
      : [
          {
            type: 'Degraded' as const,
            status,
            reason: degradedReasons[worst.failure.reason] ?? 'InternalError',
            message: worst.failure.message,
            lastTransitionTime: worst.since.toISOString(),
          },
        ]),
    ...(pause === undefined
      ? []
      : [
          {
            type: 'Paused' as const,
            status,
            reason: pause.reason,
            message: pause.message,
            lastTransitionTime: pause.time,
          },
        ]),
  ];
}
