import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '../observability/logger.js';
import { ObjectStore } from '../storage/object-store.js';
import { SourceBuckets } from '../storage/source-buckets.js';
import { DatasetRepository } from '../storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import { Reaper } from './reaper.js';
import { WorkerTaskService } from './worker-task.service.js';

/** The side of the queue that workers see, and the reaper; needs `StorageModule`. */
@Module({})
export class TasksModule {
  static forRoot(leaseSeconds: number, logger: Logger): DynamicModule {
    return {
      module: TasksModule,
      providers: [
        {
          provide: WorkerTaskService,
          inject: [TaskRepository, LeadershipRepository, DatasetRepository, ObjectStore, SourceBuckets],
          useFactory: (
            tasks: TaskRepository,
            leaderships: LeadershipRepository,
            datasets: DatasetRepository,
            objects: ObjectStore,
            sources: SourceBuckets,
          ) => new WorkerTaskService(tasks, leaderships, datasets, objects, sources, leaseSeconds),
        },
        {
          provide: Reaper,
          inject: [TaskRepository],
          useFactory: (tasks: TaskRepository) => new Reaper(tasks, logger, leaseSeconds),
        },
      ],
      exports: [WorkerTaskService],
    };
  }
}
