import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig, standaloneConfigSchema, type StandaloneConfig, type StoresConfig } from '../config/config.js';
import { startEmbeddedObjectStore } from '../embedded/embedded-object-store.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { startApiRole } from './api.js';
import { startCoordinatorRole } from './coordinator.js';
import { closeAll, type Closeable } from './shutdown.js';
import { shutdownSignal } from './shutdown-signal.js';

async function openDatabase(config: StandaloneConfig, opened: Closeable[], logger: Logger): Promise<string> {
  if (config.DATABASE_URL !== undefined) return config.DATABASE_URL;
  const dataDir = join(config.STANDALONE_DATA_DIR, 'postgres');
  const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => logger.debug({ line }, 'postgres') });
  opened.push({ name: 'embedded Postgres', close: () => postgres.stop() });
  return postgres.url;
}

async function openObjectStore(config: StandaloneConfig, opened: Closeable[], logger: Logger) {
  const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY } = config;
  if (S3_ENDPOINT !== undefined && S3_ACCESS_KEY !== undefined && S3_SECRET_KEY !== undefined) {
    return { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY };
  }
  const store = await startEmbeddedObjectStore({
    dataDir: join(config.STANDALONE_DATA_DIR, 'object-store'),
    binaryPath: config.SEAWEEDFS_BINARY,
    log: (line) => logger.debug({ line }, 'object store'),
  });
  opened.push({ name: 'embedded object store', close: () => store.stop() });
  return { S3_ENDPOINT: store.endpoint, S3_ACCESS_KEY: store.accessKey, S3_SECRET_KEY: store.secretKey };
}

async function openStores(config: StandaloneConfig, opened: Closeable[], logger: Logger): Promise<StoresConfig> {
  // Both settle before one's failure is thrown, so that the other is closed and not left starting.
  const [database, objectStore] = await Promise.allSettled([
    openDatabase(config, opened, logger),
    openObjectStore(config, opened, logger),
  ]);
  if (database.status === 'rejected') throw database.reason;
  if (objectStore.status === 'rejected') throw objectStore.reason;
  const { DATABASE_POOL_SIZE, S3_REGION, S3_BUCKET } = config;
  return { DATABASE_URL: database.value, DATABASE_POOL_SIZE, ...objectStore.value, S3_REGION, S3_BUCKET };
}

/** Writes down, for whoever may read the data folder, where the servers are and how to reach the embedded S3 server. */
async function writeConnection(folder: string, connection: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'connection.json');
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
}

/** Runs everything in one process, with workers beside it, on loopback: for a laptop, the demo and tests. */
export async function run(): Promise<number> {
  const config = readConfig(standaloneConfigSchema);
  const logger = createLogger('standalone', config.LOG_LEVEL);
  const shutdown = shutdownSignal();
  const opened: Closeable[] = [];
  try {
    await serve(config, opened, logger);
    await shutdown;
  } catch (error) {
    await closeAll(opened.toReversed(), logger);
    throw error;
  }
  return (await closeAll(opened.toReversed(), logger)) ? 0 : 1;
}

/** @param opened Gets what is to be closed, last first, also when a later thing does not open. */
async function serve(config: StandaloneConfig, opened: Closeable[], logger: Logger): Promise<void> {
  const stores = await openStores(config, opened, logger);
  const WORKER_TOKEN_SECRET = config.WORKER_TOKEN_SECRET ?? randomBytes(32).toString('hex');
  const coordinator = await startCoordinatorRole({ ...config, ...stores, WORKER_TOKEN_SECRET }, logger);
  opened.push({ name: 'coordinator', close: () => coordinator.close() });
  const api = await startApiRole({ ...config, ...stores }, logger);
  opened.push({ name: 'api', close: () => api.close() });
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = stores;
  const connection = { http: api.httpUrl, grpc: api.grpcAddress, s3: { endpoint, accessKey, secretKey } };
  await writeConnection(config.STANDALONE_DATA_DIR, connection);
  logger.info({ http: api.httpUrl, grpc: api.grpcAddress, s3: endpoint }, 'ready');
}
