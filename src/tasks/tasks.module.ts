import { Module } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../config/config.js';
import { Reaper } from './reaper.js';
import { SweepModule } from './sweep.module.js';
import { Sweeper } from './sweeper.js';
import { TaskQueue } from './task-queue.js';
import { WorkerTaskService } from './worker-task.service.js';
import { WorkerTokens } from './worker-token.js';

type TokenConfig = Pick<CoordinatorConfig, 'WORKER_TOKEN_SECRET' | 'WORKER_TOKEN_SECONDS'>;

const workerTokens = (config: TokenConfig): WorkerTokens =>
  new WorkerTokens(config.WORKER_TOKEN_SECRET, config.WORKER_TOKEN_SECONDS);

/**
 * The side of the queue that workers see, the reaper and the sweeper; needs `ConfigModule`, `LoggerModule` and
 * `StorageModule`.
 */
@Module({
  imports: [SweepModule],
  providers: [
    Reaper,
    Sweeper,
    TaskQueue,
    WorkerTaskService,
    { provide: WorkerTokens, inject: [CONFIG], useFactory: workerTokens },
  ],
  exports: [WorkerTaskService, WorkerTokens],
})
export class TasksModule {}
