import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../observability/logger.js';
import type { ControlClient, Lease } from './control-client.js';

/** Why an attempt stops before it has an outcome. */
export type StopReason = 'LEASE_LOST' | 'CANCELLED' | 'PREEMPTED';

export interface Heartbeat {
  readonly control: ControlClient;
  readonly lease: Lease;
  readonly leaseSeconds: number;
  /** When the lease was requested, on the clock of `performance.now()`. */
  readonly requestedAtMs: number;
  /** Ends the beats. */
  readonly signal: AbortSignal;
  readonly onStop: (reason: StopReason) => void;
  readonly logger: Logger;
}

/** The wait after a beat that did not get through: the next comes sooner. */
const REPEAT_MS_MAX = 1_000;

/**
 * Extends a lease every third of its length until the signal fires, and says when the attempt must stop.
 *
 * It must stop also when no beat got through for two thirds of the lease: before others may start the same task.
 * Time counts from when a beat was sent, not answered, and on a clock that nobody sets.
 */
export async function keepLease(heartbeat: Heartbeat): Promise<void> {
  const { leaseSeconds, requestedAtMs, signal, onStop, logger } = heartbeat;
  const intervalMs = (leaseSeconds * 1000) / 3;
  let isLate = false;
  const expire = () => {
    logger.warn({ leaseSeconds }, 'no heartbeat got through for two thirds of the lease');
    onStop('LEASE_LOST');
  };
  let expiry = setTimeout(expire, 2 * intervalMs - (performance.now() - requestedAtMs));
  try {
    for (;;) {
      await sleep(isLate ? Math.min(REPEAT_MS_MAX, intervalMs) : intervalMs, undefined, { signal });
      const sentAtMs = performance.now();
      isLate = !(await beat(heartbeat, intervalMs));
      if (isLate) continue;
      clearTimeout(expiry);
      expiry = setTimeout(expire, 2 * intervalMs - (performance.now() - sentAtMs));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(expiry);
  }
}

/** @returns whether the beat got through. */
async function beat({ control, lease, signal, onStop, logger }: Heartbeat, deadlineMs: number): Promise<boolean> {
  try {
    const { leaseLost, cancel } = await control.heartbeat(lease, signal, deadlineMs);
    if (leaseLost) onStop('LEASE_LOST');
    else if (cancel) onStop('CANCELLED');
    return true;
  } catch (error) {
    if (!signal.aborted) logger.warn({ err: error }, 'heartbeat failed');
    return false;
  }
}
