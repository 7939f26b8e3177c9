import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { CoordinatorConfig } from '../config/config.js';
import { BaseModelCatalogue } from '../catalog/base-model-catalogue.js';
import { Candidates } from '../jobs/candidates.js';
import { Coordinator } from '../jobs/coordinator.js';
import { ImportRunner } from '../jobs/import-runner.js';
import { JobRunner } from '../jobs/job-runner.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { FinalModels } from '../jobs/final-models.js';
import { PHASES, PhaseTable } from '../jobs/phases/phase-table.js';
import { OutageWatch } from '../jobs/outage-watch.js';
import { ScopeWatch } from '../jobs/scope-watch.js';
import { TrialSettlement } from '../jobs/trial-settlement.js';
import { ModelPublisher } from '../export/model-publisher.js';
import { ProcessPool } from '../launch/process-pool.js';
import type { Logger } from '../observability/logger.js';
import { ObjectStore } from '../storage/object-store.js';
import { BaseModelRepository } from '../storage/postgres/base-model.repository.js';
import { BlobClaimRepository } from '../storage/postgres/blob-claim.repository.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import { CoordinatorRepository } from '../storage/postgres/coordinator.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import { StorageModule } from '../storage/storage.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { WorkerTokens } from '../tasks/worker-token.js';

/** What moves jobs and imports forward; needs `StorageModule`, `JobsModule` and `outageWatch`. */
export const JOB_STEPS: readonly Provider[] = [
  Candidates,
  FinalModels,
  ImportRunner,
  JobRunner,
  ModelPublisher,
  ...PHASES,
  PhaseTable,
  ScopeWatch,
  TrialSettlement,
];

/** What `JobRunner` keeps an eye on outages with. */
export const outageWatch = (stalledSecondsMax: number): Provider => ({
  provide: OutageWatch,
  inject: [FineTuneJobRepository, TaskRepository, LeadershipRepository],
  useFactory: (jobs: FineTuneJobRepository, tasks: TaskRepository, leaderships: LeadershipRepository) =>
    new OutageWatch(jobs, tasks, leaderships, stalledSecondsMax),
});

/** Everything that leads jobs: the loops, the queue as workers see it, and the worker processes. */
@Module({})
export class CoordinatorModule {
  static forRoot(config: CoordinatorConfig, pool: ProcessPool, logger: Logger): DynamicModule {
    const settings = {
      leaseSeconds: config.LEASE_SECONDS,
      workerTokens: new WorkerTokens(config.WORKER_TOKEN_SECRET, config.WORKER_TOKEN_SECONDS),
      workerGatewayAddress: config.WORKER_GATEWAY_ADDRESS ?? `${config.WORKER_GRPC_HOST}:${config.WORKER_GRPC_PORT}`,
    };
    const loops: Provider[] = [
      {
        provide: BaseModelCatalogue,
        inject: [BaseModelRepository, BlobClaimRepository, ObjectStore],
        useFactory: (baseModels: BaseModelRepository, claims: BlobClaimRepository, objects: ObjectStore) =>
          new BaseModelCatalogue(baseModels, claims, objects, logger, config.BASE_MODEL_DIR),
      },
      outageWatch(config.JOB_STALLED_SECONDS_MAX),
      {
        provide: Coordinator,
        inject: [CoordinatorRepository, LeadershipRepository, JobRunner, ImportRunner],
        useFactory: (
          coordinators: CoordinatorRepository,
          leaderships: LeadershipRepository,
          jobRunner: JobRunner,
          importRunner: ImportRunner,
        ) => new Coordinator(coordinators, leaderships, jobRunner, importRunner, pool, logger, settings),
      },
    ];
    const tasks = TasksModule.forRoot(config, logger);
    return {
      module: CoordinatorModule,
      imports: [StorageModule.forRoot(config), JobsModule.forRoot(config), tasks],
      providers: [...JOB_STEPS, ...loops],
      exports: [JobsModule, TasksModule],
    };
  }
}
