import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { WorkerTokens } from '../tasks/worker-token.js';
import { CatalogController } from './grpc/catalog.controller.js';
import { FineTuneJobsController } from './grpc/fine-tune-jobs.controller.js';
import { WorkerController } from './grpc/worker.controller.js';
import { Readiness } from './readiness.js';
import { BaseModelController } from './rest/base-model.controller.js';
import { DatasetController } from './rest/dataset.controller.js';
import { FineTuneJobController } from './rest/fine-tune-job.controller.js';
import { HealthController } from './rest/health.controller.js';
import { ModelVersionController } from './rest/model-version.controller.js';
import { OpenApiController, OpenApiPage } from './rest/open-api.controller.js';
import { TrialController } from './rest/trial.controller.js';

type Imports = NonNullable<ModuleMetadata['imports']>;

class ApiModule {}
class WorkerGatewayModule {}

/** REST and gRPC for callers; `imports` bring the services of `src/jobs`. */
export const apiModule = (imports: Imports): DynamicModule => ({
  module: ApiModule,
  imports,
  controllers: [
    HealthController,
    OpenApiController,
    FineTuneJobController,
    TrialController,
    BaseModelController,
    DatasetController,
    ModelVersionController,
    FineTuneJobsController,
    CatalogController,
  ],
  providers: [Readiness, OpenApiPage],
});

/** WorkerService and health; `imports` bring WorkerTaskService and HealthService. */
export const workerGatewayModule = (imports: Imports, workerTokens: WorkerTokens): DynamicModule => ({
  module: WorkerGatewayModule,
  imports,
  controllers: [HealthController, WorkerController],
  providers: [Readiness, { provide: WorkerTokens, useValue: workerTokens }],
});
