import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ProcessPool, type WorkerRequest } from '../launch/process-pool.js';
import type { Logger } from '../observability/logger.js';
import { ALGORITHM_VERSION } from '../search/biotune.js';
import { parseImportScope } from '../storage/postgres/dataset.repository.js';
import {
  LeadershipLostError,
  LeadershipRepository,
  type Leadership,
} from '../storage/postgres/leadership.repository.js';
import { mintWorkerToken } from '../tasks/worker-token.js';
import { ImportRunner } from './import-runner.js';
import { JobRunner } from './job-runner.js';

export interface CoordinatorSettings {
  readonly leaseSeconds: number;
  readonly workerTokenSecret: string;
  /** host:port of WorkerService, as workers reach it. */
  readonly workerGatewayAddress: string;
}

/** How often the rows of a scope are looked at. */
const STEP_MS = 250;
const CLAIM_MS = 1_000;
const CLAIM_COUNT_MAX = 50;
/** After an error that is nobody's decision: the database is away, or a bug. */
const RETRY_MS = 2_000;

/**
 * Leads jobs and imports: takes over what nobody drives, and moves it forward until it ends. Holds nothing in memory
 * that is not in rows, so that another coordinator can go on at any point.
 */
@Injectable()
export class Coordinator implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly claimant = { owner: randomUUID(), algorithmVersion: ALGORITHM_VERSION };
  private readonly led = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private claiming: Promise<void> = Promise.resolve();

  constructor(
    private readonly leaderships: LeadershipRepository,
    private readonly jobRunner: JobRunner,
    private readonly importRunner: ImportRunner,
    private readonly pool: ProcessPool,
    private readonly logger: Logger,
    private readonly settings: CoordinatorSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.claiming = this.claimLoop();
  }

  /** Gives every leadership back, so that another coordinator takes over at once, and ends this one's workers. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.claiming;
    await Promise.all(this.led.values());
    await this.pool.stopAll();
  }

  private async claimLoop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const claimed = await this.leaderships.claim(this.claimant, CLAIM_COUNT_MAX, this.settings.leaseSeconds);
        for (const leadership of claimed) this.follow(leadership);
      } catch (error) {
        this.logger.error({ err: error }, 'claiming scopes failed');
      }
      await this.pause(CLAIM_MS);
    }
  }

  /** After an outage a scope may be claimed again while it is still led under its old epoch: that ends first. */
  private follow(leadership: Leadership): void {
    const { scope } = leadership;
    const before = this.led.get(scope) ?? Promise.resolve();
    const led = before
      .then(() => this.lead(leadership))
      .catch((error: unknown) => this.logger.error({ scope, err: error }, 'leading ended'))
      .finally(() => {
        if (this.led.get(scope) === led) this.led.delete(scope);
      });
    this.led.set(scope, led);
  }

  private async lead(leadership: Leadership): Promise<void> {
    const { scope, epoch } = leadership;
    this.logger.info({ scope, epoch }, 'leading');
    const held = { lost: false };
    const renewal = setInterval(() => void this.renew(leadership, held), (this.settings.leaseSeconds * 1000) / 3);
    try {
      while (!this.stopping.signal.aborted && !held.lost) {
        const wait = await this.step(leadership);
        if (wait === undefined) break;
        await this.pause(wait);
      }
    } finally {
      clearInterval(renewal);
      await this.pool.stopWorkers(scope);
      if (this.stopping.signal.aborted) await this.leaderships.giveBack(leadership).catch(() => undefined);
    }
  }

  /** @returns milliseconds until the next step; undefined when this coordinator has nothing more to do with the scope. */
  private async step(leadership: Leadership): Promise<number | undefined> {
    const { scope } = leadership;
    try {
      const runner = parseImportScope(scope) === undefined ? this.jobRunner : this.importRunner;
      const advance = await runner.advance(leadership);
      if (advance.next === 'ENDED') return undefined;
      if (advance.next === 'WORK') this.ensureWorkers(scope, advance);
      return STEP_MS;
    } catch (error) {
      if (error instanceof LeadershipLostError) return undefined;
      this.logger.error({ scope, err: error }, 'step failed, trying again');
      return RETRY_MS;
    }
  }

  private ensureWorkers(
    scope: string,
    { workerCount, threadCount }: Pick<WorkerRequest, 'workerCount' | 'threadCount'>,
  ): void {
    const { workerTokenSecret, workerGatewayAddress } = this.settings;
    this.pool.ensureWorkers({
      scope,
      workerCount,
      ...(threadCount === undefined ? {} : { threadCount }),
      token: mintWorkerToken(workerTokenSecret, scope),
      coordinatorAddress: workerGatewayAddress,
    });
  }

  private async renew(leadership: Leadership, held: { lost: boolean }): Promise<void> {
    try {
      if (!(await this.leaderships.renew(leadership, this.settings.leaseSeconds))) held.lost = true;
    } catch (error) {
      // Every write is fenced: going on without a renewal can waste work, never spoil it.
      this.logger.warn({ scope: leadership.scope, err: error }, 'renewing failed');
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
