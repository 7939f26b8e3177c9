import { setTimeout as sleep } from 'node:timers/promises';

export interface Retries {
  /** Whether a failure may pass by itself; any other ends the tries at once. */
  readonly isTransient: (error: unknown) => boolean;
  /** Tries in all; absent: until the signal says stop. */
  readonly attemptCountMax?: number;
  readonly delayMsMax: number;
  readonly signal: AbortSignal;
}

const FIRST_DELAY_MS = 200;

/**
 * Runs `work` again for as long as it fails in a way that may pass, and waits up to twice as long each time.
 *
 * @throws {Error} The last failure; an AbortError when the signal fires between two tries.
 */
export async function withRetries<T>(work: () => Promise<T>, retries: Retries): Promise<T> {
  const { isTransient, attemptCountMax = Infinity, delayMsMax, signal } = retries;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attemptCountMax || signal.aborted || !isTransient(error)) throw error;
      await sleep(backoffMs(attempt, delayMsMax), undefined, { signal });
    }
  }
}

/** The wait after try `attempt`, from 1: between a half and the whole of a doubling bound, so that workers spread out. */
function backoffMs(attempt: number, delayMsMax: number): number {
  const bound = Math.min(delayMsMax, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20));
  return bound * (0.5 + Math.random() / 2);
}
