import { setTimeout as sleep } from 'node:timers/promises';
import { runAttempt, type WorkerParts } from './attempt.js';

const POLL_MS_MIN = 500;
const POLL_MS_MAX = 2_000;

/** How a worker's life ended: its scope has no work left, or it was to shut down. */
export type SupervisorEnd = 'DONE' | 'SHUT_DOWN';

/**
 * Works on one task after the other until the scope has ended or the worker is to shut down.
 *
 * @param workerId Names this process and no other, one before it included: it is given again what it holds.
 * @throws {DomainError} WORKER_TOKEN_INVALID when the coordinator refuses the token.
 */
export async function supervise(workerId: string, parts: WorkerParts): Promise<SupervisorEnd> {
  const { control, shutdown } = parts;
  let pollMs = POLL_MS_MIN;
  try {
    while (!shutdown.aborted) {
      const requestedAtMs = performance.now();
      const { task, done, leaseSeconds } = await control.leaseTask(workerId, shutdown);
      if (task !== undefined) {
        await runAttempt({ task, leaseSeconds, requestedAtMs }, parts);
        pollMs = POLL_MS_MIN;
      } else if (done) {
        return 'DONE';
      } else {
        await sleep(pollMs, undefined, { signal: shutdown });
        pollMs = Math.min(POLL_MS_MAX, pollMs * 1.5);
      }
    }
  } catch (error) {
    if (!shutdown.aborted) throw error;
  }
  return 'SHUT_DOWN';
}
