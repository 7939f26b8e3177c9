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
import { HeldLeadership } from './held-leadership.js';
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
/** A step may be left in the middle: it is repeated by whoever leads next, and its writes are fenced. */
const STEP_GRACE_MS = 5_000;

/**
 * Leads jobs and imports: takes over what nobody drives, and moves it forward until it ends. Holds nothing in memory
 * that is not in rows, so that another coordinator can go on at any point.
 */
@Injectable()
export class Coordinator implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly claimant = { owner: randomUUID(), algorithmVersion: ALGORITHM_VERSION };
  private readonly led = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  /** Fires when the shutdown waits no longer. */
  private readonly leaving = new AbortController();
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

  /**
   * Gives every leadership back, so that another coordinator takes over at once, and ends this one's workers. A step or
   * a claim that does not end is left behind.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const leave = setTimeout(() => this.leaving.abort(), STEP_GRACE_MS);
    await unlessAborted(this.claiming, this.leaving.signal);
    await Promise.all(this.led.values());
    clearTimeout(leave);
    await this.pool.stopAll();
  }

  private async claimLoop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const { leaseSeconds } = this.settings;
        // What it still leads but could not move on is left to others.
        const claimed = await this.leaderships.claim(this.claimant, CLAIM_COUNT_MAX, leaseSeconds, [
          ...this.led.keys(),
        ]);
        for (const leadership of claimed) this.follow(leadership);
      } catch (error) {
        this.logger.error({ err: error }, 'claiming scopes failed');
      }
      await this.pause(CLAIM_MS);
    }
  }

  private follow(leadership: Leadership): void {
    const { scope } = leadership;
    const led = this.lead(leadership)
      .catch((error: unknown) => this.logger.error({ scope, err: error }, 'leading ended'))
      .finally(() => this.led.delete(scope));
    this.led.set(scope, led);
  }

  private async lead(leadership: Leadership): Promise<void> {
    const { scope, epoch } = leadership;
    this.logger.info({ scope, epoch }, 'leading');
    const held = new HeldLeadership(leadership, this.leaderships, this.settings.leaseSeconds, this.logger);
    const left = AbortSignal.any([held.lost, this.leaving.signal]);
    try {
      while (!this.stopping.signal.aborted && !held.lost.aborted) {
        const wait = await unlessAborted(this.step(held, left), left);
        if (wait === undefined) break;
        await this.pause(wait);
      }
    } finally {
      held.release();
      await Promise.all([this.pool.stopWorkers(scope), this.stopping.signal.aborted ? held.giveBack() : undefined]);
    }
  }

  /** @returns milliseconds until the next step; undefined when this coordinator has nothing more to do with the scope. */
  private async step(held: HeldLeadership, left: AbortSignal): Promise<number | undefined> {
    const { leadership } = held;
    const { scope } = leadership;
    const runner = parseImportScope(scope) === undefined ? this.jobRunner : this.importRunner;
    try {
      const advance = await held.step(() => runner.advance(leadership));
      if (advance.next === 'ENDED' || left.aborted) return undefined;
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

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** What `work` gives; undefined when the signal fires first, and then `work` goes on with nobody waiting for it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = () => resolve(undefined);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
