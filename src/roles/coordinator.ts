import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startWorkerGateway, type RunningServer } from '../api/start.js';
import { coordinatorConfigSchema, readConfig, type CoordinatorConfig, trainersConfigSchema } from '../config/config.js';
import { ProcessPool } from '../launch/process-pool.js';
import { systemEnvironmentSchema } from '../config/system-environment.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { checkGpu } from '../worker/supervisor/gpu-check.js';
import { CoordinatorModule } from './coordinator.module.js';
import { closeAll } from './shutdown.js';
import { toldToGo } from './told-to-go.js';

/**
 * Leads jobs, serves workers and runs a pool of them, until it is closed.
 *
 * @throws DomainError GPU_UNAVAILABLE when its workers are to train on a GPU and could not: no job would end.
 */
export async function startCoordinatorRole(config: CoordinatorConfig, logger: Logger): Promise<RunningServer> {
  const systemEnvironment = readConfig(systemEnvironmentSchema);
  if (config.TENSORFLOW_DEVICE === 'GPU') await checkGpu(systemEnvironment);
  const pool = new ProcessPool({
    workerCountMax: config.POOL_WORKER_COUNT_MAX ?? (config.TENSORFLOW_DEVICE === 'GPU' ? 1 : availableParallelism()),
    entry: join(import.meta.dirname, '../main.js'),
    workerCacheDir: config.WORKER_CACHE_DIR,
    workerCacheMibMax: config.WORKER_CACHE_MIB_MAX,
    trainers: trainersConfigSchema.parse(config),
    logLevel: config.LOG_LEVEL,
    systemEnvironment,
    logger,
  });
  return startWorkerGateway(config, logger, [CoordinatorModule.forRoot(config, pool, logger)]);
}

export async function run(): Promise<number> {
  const config = readConfig(coordinatorConfigSchema);
  const logger = createLogger('coordinator', config.LOG_LEVEL);
  const end = toldToGo();
  const server = await startCoordinatorRole(config, logger);
  logger.info({ http: server.httpUrl, workerGateway: server.grpcAddress }, 'ready');
  await end;
  return (await closeAll([{ name: 'coordinator', close: () => server.close() }], logger)) ? 0 : 1;
}
