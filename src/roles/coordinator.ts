import { startWorkerGateway, type RunningServer } from '../api/start.js';
import { coordinatorConfigSchema, readConfig, type CoordinatorConfig } from '../config/config.js';
import { systemEnvironmentSchema } from '../config/system-environment.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { checkGpu } from '../worker/supervisor/gpu-check.js';
import { CoordinatorModule } from './coordinator.module.js';
import { closeAll } from './shutdown.js';
import { shutdownSignal } from './shutdown-signal.js';

/**
 * Leads jobs, serves workers and runs a pool of them, until it is closed.
 *
 * @throws {DomainError} GPU_UNAVAILABLE when its workers are to train on a GPU and could not: no job would end.
 */
export async function startCoordinatorRole(config: CoordinatorConfig, logger: Logger): Promise<RunningServer> {
  if (config.TENSORFLOW_DEVICE === 'GPU') await checkGpu(readConfig(systemEnvironmentSchema));
  return startWorkerGateway(config, logger, [CoordinatorModule]);
}

export async function run(): Promise<number> {
  const config = readConfig(coordinatorConfigSchema);
  const logger = createLogger('coordinator', config.LOG_LEVEL);
  const shutdown = shutdownSignal();
  const server = await startCoordinatorRole(config, logger);
  logger.info({ http: server.httpUrl, workerGateway: server.grpcAddress }, 'ready');
  await shutdown;
  return (await closeAll([{ name: 'coordinator', close: () => server.close() }], logger)) ? 0 : 1;
}
