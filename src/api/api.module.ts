import { Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ErrorFilter } from './errors/error.filter.js';
import { CatalogController } from './grpc/catalog.controller.js';
import { FineTuneJobsController } from './grpc/fine-tune-jobs.controller.js';
import { WorkerController } from './grpc/worker.controller.js';
import { RequestSchemaPipe } from './request-schema.pipe.js';
import { BaseModelController } from './rest/base-model.controller.js';
import { DatasetController } from './rest/dataset.controller.js';
import { FineTuneJobController } from './rest/fine-tune-job.controller.js';
import { HealthController, Readiness } from './rest/health.controller.js';
import { ModelVersionController } from './rest/model-version.controller.js';
import { OpenApiController, OpenApiPage } from './rest/open-api.controller.js';
import { TrialController } from './rest/trial.controller.js';

/** What every server has: checked requests, errors in the words of their transport, and whether it still takes work. */
const SERVER: readonly Provider[] = [
  Readiness,
  { provide: APP_PIPE, useClass: RequestSchemaPipe },
  { provide: APP_FILTER, useClass: ErrorFilter },
];

/** REST and gRPC for callers; needs the services of `src/jobs`, and HealthService. */
@Module({
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
  providers: [...SERVER, OpenApiPage],
})
export class ApiModule {}

/** WorkerService and health; needs WorkerTaskService, WorkerTokens and HealthService. */
@Module({ controllers: [HealthController, WorkerController], providers: [...SERVER] })
export class WorkerGatewayModule {}
