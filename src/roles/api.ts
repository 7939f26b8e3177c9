import { startApi, type RunningServer } from '../api/start.js';
import { apiConfigSchema, readConfig, type ApiConfig } from '../config/config.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { StorageModule } from '../storage/storage.module.js';
import { closeAll } from './shutdown.js';
import { shutdownSignal } from './shutdown-signal.js';

/** Serves callers until it is closed. */
export const startApiRole = (config: ApiConfig, logger: Logger): Promise<RunningServer> =>
  startApi(config, logger, [StorageModule, JobsModule]);

export async function run(): Promise<number> {
  const config = readConfig(apiConfigSchema);
  const logger = createLogger('api', config.LOG_LEVEL);
  const shutdown = shutdownSignal();
  const server = await startApiRole(config, logger);
  logger.info({ http: server.httpUrl, grpc: server.grpcAddress }, 'ready');
  await shutdown;
  return (await closeAll([{ name: 'api', close: () => server.close() }], logger)) ? 0 : 1;
}
