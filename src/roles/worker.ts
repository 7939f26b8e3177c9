import { randomBytes } from 'node:crypto';
import { readConfig, trainersConfigSchema, workerConfigSchema } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import type { Reason } from '../domain/reasons.js';
import { reportAlive } from '../launch/sign-of-life.js';
import { systemEnvironmentSchema } from '../config/system-environment.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { ArtifactCache } from '../worker/supervisor/artifact-cache.js';
import { ControlClient } from '../worker/supervisor/control-client.js';
import { checkGpu } from '../worker/supervisor/gpu-check.js';
import { SplitFiles } from '../worker/supervisor/split-files.js';
import { supervise } from '../worker/supervisor/supervisor.js';
import { TrainerChild } from '../worker/supervisor/trainer-child.js';

/** How the worker ended, for whoever started it; Kubernetes' pod failure policy reads these. */
const EXIT_CODES = {
  DONE: 0,
  SHUT_DOWN: 143,
  PARENT_GONE: 1,
  STUCK: 1,
  TOKEN_REFUSED: 42,
  GPU_UNAVAILABLE: 44,
} as const;

/** A task is handed back in 10 s, a trainer ends in 5 s. */
const SHUTDOWN_MS_MAX = 30_000;

/** Errors that end the worker: each is logged, and has an exit code of its own. */
const FATAL: Partial<Record<Reason, { readonly code: number; readonly event: string }>> = {
  WORKER_TOKEN_INVALID: { code: EXIT_CODES.TOKEN_REFUSED, event: 'token refused' },
  WORKER_SCOPE_FOREIGN: { code: EXIT_CODES.TOKEN_REFUSED, event: 'token refused' },
  GPU_UNAVAILABLE: { code: EXIT_CODES.GPU_UNAVAILABLE, event: 'no GPU' },
};

/**
 * Runs the worker role until its scope has ended (0), SIGTERM shuts it down (143), or its token is refused (42).
 * Where it is to train on a GPU and cannot, it ends before it leases anything (44).
 *
 * Started by the process pool, it ends at once when the pool's process is gone.
 *
 * @returns the exit code.
 */
export async function run(): Promise<number> {
  const config = readConfig(workerConfigSchema);
  // A container that is started again has the name, and even the pid, of the one before.
  const workerId = `${randomBytes(4).toString('hex')}-${config.WORKER_ID}`;
  const logger = createLogger('worker', config.LOG_LEVEL).child({ workerId });
  const systemEnvironment = readConfig(systemEnvironmentSchema);
  const control = new ControlClient({ address: config.COORDINATOR_ADDRESS, token: config.WORKER_TOKEN, logger });
  const trainer = new TrainerChild({
    threadCount: config.WORKER_THREAD_COUNT,
    trainers: trainersConfigSchema.parse(config),
    stateDir: config.WORKER_CACHE_DIR,
    systemEnvironment,
    logger,
  });
  const shutdown = listenForShutdown(trainer, logger);
  reportAlive();
  const cache = new ArtifactCache(config.WORKER_CACHE_DIR, config.WORKER_CACHE_MIB_MAX * 1024 ** 2);
  const splitFiles = new SplitFiles(cache);
  try {
    if (config.TENSORFLOW_DEVICE === 'GPU') await checkGpu(systemEnvironment);
    return EXIT_CODES[await supervise(workerId, { control, cache, splitFiles, trainer, logger, shutdown })];
  } catch (error) {
    const fatal = error instanceof DomainError ? FATAL[error.reason] : undefined;
    if (fatal === undefined) throw error;
    logger.fatal({ err: error }, fatal.event);
    return fatal.code;
  } finally {
    await trainer.stop();
    control.close();
  }
}

/**
 * Listens for what ends the worker. It has no use for `shutdownSignal` of the other roles: a terminal and its pool may both
 * send it a signal, and it does not outlive its parent.
 *
 * @returns a signal that fires when the worker is to hand its task back and end.
 */
function listenForShutdown(trainer: TrainerChild, logger: Logger): AbortSignal {
  const shutdown = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      logger.info({ signal: name }, 'shutdown requested');
      shutdown.abort();
      // A terminal's SIGINT and then the pool's SIGTERM are one request; the same signal again is not.
      process.once(name, () => process.exit(EXIT_CODES.SHUT_DOWN));
      setTimeout(() => {
        logger.error({ open: process.getActiveResourcesInfo() }, 'did not end');
        process.exit(EXIT_CODES.STUCK);
      }, SHUTDOWN_MS_MAX).unref();
    });
  }
  process.once('exit', () => trainer.kill());
  const orphaned = () => {
    logger.warn('the parent process is gone');
    process.exit(EXIT_CODES.PARENT_GONE);
  };
  process.once('disconnect', orphaned);
  // It may have gone while this process was being loaded.
  if (process.send !== undefined && !process.connected) orphaned();
  return shutdown.signal;
}
