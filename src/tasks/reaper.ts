import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../config/config.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { TaskQueue } from './task-queue.js';

/**
 * Takes tasks away from silent workers, every sixth of a lease. It waits one whole lease before its first look:
 * after an outage of the coordinator or the database, workers get the chance to say that they are still there.
 */
@Injectable()
export class Reaper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tasks: TaskQueue,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: Pick<CoordinatorConfig, 'LEASE_SECONDS'>,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(this.config.LEASE_SECONDS);
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(seconds: number): void {
    this.timer = setTimeout(() => void this.look(), seconds * 1000);
  }

  private async look(): Promise<void> {
    try {
      const count = await this.tasks.reap(this.config.LEASE_SECONDS);
      if (count > 0) this.logger.warn({ count }, 'leases lost');
    } catch (error) {
      // After an outage every lease looks old: wait a whole one again.
      this.logger.warn({ err: error }, 'reaping failed');
      if (this.timer !== undefined) this.schedule(this.config.LEASE_SECONDS);
      return;
    }
    if (this.timer !== undefined) this.schedule(this.config.LEASE_SECONDS / 6);
  }
}
