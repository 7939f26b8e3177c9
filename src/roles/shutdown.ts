import type { Logger } from '../observability/logger.js';

/** Something that is closed at the end of a role. */
export interface Closeable {
  /** The name by which the log says that it did not close. */
  readonly name: string;
  close(): Promise<void>;
}

/**
 * Workers get 20 s to hand their tasks back, calls in flight 5 s to end, a step of a job as long; below the 45 s that an
 * orchestrator is configured to wait before it kills.
 */
const CLOSE_SECONDS_MAX = 40;

/**
 * Closes things, one after the other; one that fails, or takes too long, does not keep the next ones open.
 *
 * @returns whether all are closed.
 */
export async function closeAll(things: readonly Closeable[], logger: Logger): Promise<boolean> {
  let isClosed = true;
  for (const thing of things) {
    try {
      await within(CLOSE_SECONDS_MAX, thing.close());
    } catch (error) {
      isClosed = false;
      logger.error({ name: thing.name, err: error, open: process.getActiveResourcesInfo() }, 'closing failed');
    }
  }
  return isClosed;
}

async function within(seconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not closed after ${seconds} s.`)), seconds * 1000);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
