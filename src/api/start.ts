import type { ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ApiConfig, CoordinatorConfig } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { WorkerTokens } from '../tasks/worker-token.js';
import { apiModule, workerGatewayModule } from './api.module.js';
import { GrpcListener } from './grpc/grpc-listener.js';
import { loadServices, PROTO_PACKAGE } from './grpc/service-definitions.js';
import { createHttpServer } from './http-server.js';
import { Readiness } from './readiness.js';
import { REQUEST_BYTES_MAX } from './request-limit.js';
import { OpenApiPage } from './rest/open-api.controller.js';
import { openApiDocument } from './rest/open-api.js';

/** Of a worker's report: an import tells of every class and shard. */
const WORKER_REQUEST_BYTES_MAX = 4 * 1024 * 1024;

type Imports = NonNullable<ModuleMetadata['imports']>;

/** Servers that listen. */
export interface RunningServer {
  readonly httpUrl: string;
  readonly grpcAddress: string;
  /** Makes readiness and health say no, lets calls in flight end, and closes everything that the modules hold. */
  close(): Promise<void>;
}

type Listeners = Pick<ApiConfig, 'LISTEN_HOST' | 'HTTP_PORT' | 'GRPC_PORT'>;
type GatewaySettings = Pick<
  CoordinatorConfig,
  | 'LISTEN_HOST'
  | 'COORDINATOR_HTTP_PORT'
  | 'WORKER_GRPC_HOST'
  | 'WORKER_GRPC_PORT'
  | 'WORKER_TOKEN_SECRET'
  | 'WORKER_TOKEN_SECONDS'
>;

/**
 * Serves REST and gRPC to callers. Port 0 takes a free one.
 *
 * @param imports Modules that export the services of `src/jobs`.
 */
export async function startApi(config: Listeners, logger: Logger, imports: Imports): Promise<RunningServer> {
  const app = await createHttpServer(apiModule(imports), logger);
  app.get(OpenApiPage).document = openApiDocument(app);
  const services = ['FineTuneJobs', 'Catalog'];
  const grpc = new GrpcListener({
    host: config.LISTEN_HOST,
    port: config.GRPC_PORT,
    definitions: loadServices('biotune/v1/fine_tune_job.proto', services),
    services: services.map((name) => `${PROTO_PACKAGE}.${name}`),
    requestBytesMax: REQUEST_BYTES_MAX,
    reflection: true,
  });
  return listen(app, grpc, config.LISTEN_HOST, config.HTTP_PORT);
}

/**
 * Serves WorkerService to workers, and the health routes. Port 0 takes a free one.
 *
 * @param imports Modules that export WorkerTaskService and HealthService.
 */
export async function startWorkerGateway(
  config: GatewaySettings,
  logger: Logger,
  imports: Imports,
): Promise<RunningServer> {
  const tokens = new WorkerTokens(config.WORKER_TOKEN_SECRET, config.WORKER_TOKEN_SECONDS);
  const app = await createHttpServer(workerGatewayModule(imports, tokens), logger);
  const grpc = new GrpcListener({
    host: config.WORKER_GRPC_HOST,
    port: config.WORKER_GRPC_PORT,
    definitions: loadServices('biotune/v1/worker.proto', ['WorkerService']),
    services: [`${PROTO_PACKAGE}.WorkerService`],
    requestBytesMax: WORKER_REQUEST_BYTES_MAX,
    reflection: false,
  });
  return listen(app, grpc, config.LISTEN_HOST, config.COORDINATOR_HTTP_PORT);
}

async function listen(
  app: NestExpressApplication,
  grpc: GrpcListener,
  host: string,
  port: number,
): Promise<RunningServer> {
  // Without inheritAppConfig no pipe and no filter of the application would see a gRPC call.
  app.connectMicroservice({ strategy: grpc }, { inheritAppConfig: true });
  try {
    await app.startAllMicroservices();
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    httpUrl: await app.getUrl(),
    grpcAddress: grpc.address,
    close: async () => {
      app.get(Readiness).isShuttingDown = true;
      grpc.stopServing();
      await app.close();
    },
  };
}
