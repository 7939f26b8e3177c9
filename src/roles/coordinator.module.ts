import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Module, type Provider } from '@nestjs/common';
import { BaseModelCatalogue } from '../catalog/base-model-catalogue.js';
import { CONFIG, readConfig, trainersConfigSchema, type CoordinatorConfig } from '../config/config.js';
import { ModelPublisher } from '../export/model-publisher.js';
import { CandidateChoice } from '../jobs/trials/candidate-choice.js';
import { Candidates } from '../jobs/trials/candidates.js';
import { Coordinator } from '../jobs/leading/coordinator.js';
import { ImportRunner } from '../jobs/leading/import-runner.js';
import { JobRunner } from '../jobs/leading/job-runner.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { FinalModels } from '../jobs/trials/final-models.js';
import { PredictionFiles } from '../jobs/trials/prediction-files.js';
import { PHASES, PhaseTable } from '../jobs/phases/phase-table.js';
import { OutageWatch } from '../jobs/leading/outage-watch.js';
import { Priors } from '../jobs/requests/priors.js';
import { ScopeWatch } from '../jobs/leading/scope-watch.js';
import { Retrainings } from '../jobs/trials/retrainings.js';
import { Soups } from '../jobs/trials/soups.js';
import { TrialFitness } from '../jobs/trials/trial-fitness.js';
import { TrialSettlement } from '../jobs/trials/trial-settlement.js';
import { ProcessPool } from '../launch/process-pool.js';
import { systemEnvironmentSchema } from '../config/system-environment.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { StorageModule } from '../storage/storage.module.js';
import { TasksModule } from '../tasks/tasks.module.js';

/** What moves jobs and imports forward; needs `ConfigModule`, `StorageModule` and `JobsModule`. */
export const JOB_STEPS: readonly Provider[] = [
  CandidateChoice,
  Candidates,
  FinalModels,
  ImportRunner,
  JobRunner,
  ModelPublisher,
  OutageWatch,
  ...PHASES,
  PhaseTable,
  Priors,
  PredictionFiles,
  ScopeWatch,
  Retrainings,
  Soups,
  TrialFitness,
  TrialSettlement,
];

const processPool = (config: CoordinatorConfig, logger: Logger): ProcessPool =>
  new ProcessPool({
    workerCountMax: config.POOL_WORKER_COUNT_MAX ?? (config.TENSORFLOW_DEVICE === 'GPU' ? 1 : availableParallelism()),
    entry: join(import.meta.dirname, '../main.js'),
    workerCacheDir: config.WORKER_CACHE_DIR,
    workerCacheMibMax: config.WORKER_CACHE_MIB_MAX,
    trainers: trainersConfigSchema.parse(config),
    logLevel: config.LOG_LEVEL,
    systemEnvironment: readConfig(systemEnvironmentSchema),
    logger,
  });

/**
 * Everything that leads jobs: the loops, the queue as workers see it, and the worker processes; needs `ConfigModule` and
 * `LoggerModule`.
 */
@Module({
  imports: [StorageModule, JobsModule, TasksModule],
  providers: [
    ...JOB_STEPS,
    BaseModelCatalogue,
    Coordinator,
    { provide: ProcessPool, inject: [CONFIG, LOGGER], useFactory: processPool },
  ],
  exports: [TasksModule],
})
export class CoordinatorModule {}
