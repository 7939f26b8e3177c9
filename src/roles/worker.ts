import { readConfig, workerConfigSchema } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import { systemEnvironmentSchema } from '../launch/system-environment.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { ArtifactCache } from '../worker/artifact-cache.js';
import { ControlClient } from '../worker/control-client.js';
import { SplitFiles } from '../worker/split-files.js';
import { supervise } from '../worker/supervisor.js';
import { TrainerProcess } from '../worker/trainer-process.js';

/** What the worker's end tells whoever started it; Kubernetes' pod failure policy reads these. */
const EXIT_CODES = { DONE: 0, SHUT_DOWN: 143, PARENT_GONE: 1, TOKEN_REFUSED: 42 } as const;

/**
 * Runs the worker role until its scope has ended (0), it is told to go by SIGTERM (143), or its token is refused (42).
 *
 * Started by the process pool, it ends at once when the pool's process is gone.
 *
 * @returns the exit code.
 */
export async function run(): Promise<number> {
  const config = readConfig(workerConfigSchema);
  const logger = createLogger('worker', config.LOG_LEVEL).child({ workerId: config.WORKER_ID });
  const control = new ControlClient({ address: config.COORDINATOR_ADDRESS, token: config.WORKER_TOKEN, logger });
  const trainer = new TrainerProcess({
    threadCount: config.WORKER_THREAD_COUNT,
    rssMibMax: config.TRAINER_RSS_MIB_MAX,
    silenceSecondsMax: config.TRAINER_SILENCE_SECONDS_MAX,
    featureCache: {
      folder: config.WORKER_CACHE_DIR,
      memoryMibMax: config.TRAINER_FEATURE_MEMORY_MIB_MAX,
      diskMibMax: config.TRAINER_FEATURE_DISK_MIB_MAX,
    },
    systemEnvironment: readConfig(systemEnvironmentSchema),
    logger,
  });
  const shutdown = listenForEnd(trainer, logger);
  const cache = new ArtifactCache(config.WORKER_CACHE_DIR);
  const splitFiles = new SplitFiles(cache);
  try {
    return EXIT_CODES[await supervise(config.WORKER_ID, { control, cache, splitFiles, trainer, logger, shutdown })];
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason !== 'WORKER_TOKEN_INVALID') throw error;
    logger.fatal({ err: error }, 'token refused');
    return EXIT_CODES.TOKEN_REFUSED;
  } finally {
    await trainer.stop();
    control.close();
  }
}

/** @returns a signal that fires when the worker is told to go; when its parent is gone, the process ends here. */
function listenForEnd(trainer: TrainerProcess, logger: Logger): AbortSignal {
  const shutdown = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      logger.info({ signal: name }, 'told to go');
      shutdown.abort();
    });
  }
  process.once('exit', () => trainer.kill());
  process.once('disconnect', () => {
    logger.warn('the parent process is gone');
    process.exit(EXIT_CODES.PARENT_GONE);
  });
  return shutdown.signal;
}
