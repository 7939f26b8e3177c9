import { Module, type DynamicModule } from '@nestjs/common';
import type { CoordinatorConfig } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { ObjectStore } from '../storage/object-store.js';
import { SourceBuckets } from '../storage/source-buckets.js';
import { BlobClaimRepository } from '../storage/postgres/blob-claim.repository.js';
import { DatasetRepository } from '../storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { SweepRepository } from '../storage/postgres/sweep.repository.js';
import { BucketOwnership } from './bucket-ownership.js';
import { Reaper } from './reaper.js';
import { Sweep } from './sweep.js';
import { SweepModule } from './sweep.module.js';
import { Sweeper } from './sweeper.js';
import { TaskQueue } from './task-queue.js';
import { WorkerTaskService } from './worker-task.service.js';

type TasksConfig = Pick<
  CoordinatorConfig,
  | 'LEASE_SECONDS'
  | 'SWEEP_BLOB_AGE_HOURS'
  | 'SWEEP_INTERVAL_SECONDS'
  | 'SWEEP_METRICS_AGE_DAYS'
  | 'UPLOAD_PACK_MIB_MAX'
  | 'UPLOAD_REPORT_MIB_MAX'
  | 'UPLOAD_WEIGHTS_MIB_MAX'
>;

/** The side of the queue that workers see, the reaper and the sweeper; needs `StorageModule`. */
@Module({})
export class TasksModule {
  static forRoot(config: TasksConfig, logger: Logger): DynamicModule {
    const settings = { ...config, leaseSeconds: config.LEASE_SECONDS };
    return {
      module: TasksModule,
      imports: [SweepModule.forRoot(config)],
      providers: [
        TaskQueue,
        {
          provide: WorkerTaskService,
          inject: [TaskQueue, LeadershipRepository, DatasetRepository, ObjectStore, SourceBuckets, BlobClaimRepository],
          useFactory: (
            tasks: TaskQueue,
            leaderships: LeadershipRepository,
            datasets: DatasetRepository,
            objects: ObjectStore,
            sources: SourceBuckets,
            claims: BlobClaimRepository,
          ) => new WorkerTaskService(tasks, leaderships, datasets, objects, sources, claims, settings, logger),
        },
        {
          provide: Reaper,
          inject: [TaskQueue],
          useFactory: (tasks: TaskQueue) => new Reaper(tasks, logger, config.LEASE_SECONDS),
        },
        {
          provide: Sweeper,
          inject: [SweepRepository, Sweep, BucketOwnership],
          useFactory: (rows: SweepRepository, sweep: Sweep, ownership: BucketOwnership) =>
            new Sweeper(rows, sweep, ownership, logger, config.SWEEP_INTERVAL_SECONDS),
        },
      ],
      exports: [WorkerTaskService],
    };
  }
}
