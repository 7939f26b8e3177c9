import { failureOf } from '../../domain/errors.js';
import { isFinal } from '../../domain/reasons.js';
import type { TaskOutcome } from '../../domain/task.js';

/** The outcome that an attempt's failure is reported as. */
export function failedOutcome(error: unknown): TaskOutcome {
  const failure = failureOf(error);
  return isFinal(failure.reason) ? { infeasible: failure } : { fault: failure };
}
