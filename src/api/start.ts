import type { DynamicModule, ModuleMetadata, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ApiConfig, CoordinatorConfig } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import type { Logger } from '../observability/logger.js';
import { LoggerModule } from '../observability/logger.module.js';
import { ApiModule, WorkerGatewayModule } from './api.module.js';
import { GrpcListener } from './grpc/grpc-listener.js';
import { loadServices, PROTO_PACKAGE } from './grpc/service-definitions.js';
import { createHttpServer, REQUEST_BYTES_MAX } from './http-server.js';
import { Readiness } from './rest/health.controller.js';
import { OpenApiPage } from './rest/open-api.controller.js';
import { openApiDocument } from './rest/open-api.js';

/** The bytes of a worker's request; the result of an import lists every class and shard. */
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
type GatewayListeners = Pick<
  CoordinatorConfig,
  'LISTEN_HOST' | 'COORDINATOR_HTTP_PORT' | 'WORKER_GRPC_HOST' | 'WORKER_GRPC_PORT'
>;

/**
 * Serves REST and gRPC to callers. Port 0 takes a free one.
 *
 * @param config All settings that classes of `imports` ask for.
 * @param imports Modules that export the services of `src/jobs`, and HealthService.
 */
export async function startApi(config: Listeners, logger: Logger, imports: Imports): Promise<RunningServer> {
  const app = await createHttpServer(serving(ApiModule, imports, config, logger), logger);
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
 * @param config All settings that classes of `imports` ask for.
 * @param imports Modules that export WorkerTaskService, WorkerTokens and HealthService.
 */
export async function startWorkerGateway(
  config: GatewayListeners,
  logger: Logger,
  imports: Imports,
): Promise<RunningServer> {
  const app = await createHttpServer(serving(WorkerGatewayModule, imports, config, logger), logger);
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

/** A server's module, on others, with the settings and the logger that their classes ask for. */
const serving = (module: Type, imports: Imports, config: object, logger: Logger): DynamicModule => ({
  module,
  imports: [ConfigModule.forRoot(config), LoggerModule.forRoot(logger), ...imports],
});

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
