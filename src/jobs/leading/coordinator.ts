import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../../config/config.js';
import { ProcessPool, type WorkerRequest } from '../../launch/process-pool.js';
import { LOGGER, type Logger } from '../../observability/logger.js';
import { ALGORITHM_VERSION } from '../../search/biotune.js';
import { CoordinatorRepository, type ScopeCounts } from '../../storage/postgres/coordinator.repository.js';
import { parseImportScope } from '../../storage/postgres/dataset.repository.js';
import {
  LeadershipLostError,
  LeadershipRepository,
  type Leadership,
} from '../../storage/postgres/leadership.repository.js';
import { WorkerTokens } from '../../tasks/worker-token.js';
import { HeldLeadership } from './held-leadership.js';
import { ImportRunner } from './import-runner.js';
import { JobRunner } from './job-runner.js';

type CoordinatorSettings = Pick<
  CoordinatorConfig,
  'LEASE_SECONDS' | 'WORKER_GATEWAY_ADDRESS' | 'WORKER_GRPC_HOST' | 'WORKER_GRPC_PORT'
>;

/** How often the rows of a scope are looked at. */
const STEP_MS = 250;
const CLAIM_MS = 1_000;
/** Scopes of each kind that are taken over at a time. */
const CLAIM_COUNT_MAX = 50;
/** A coordinator that has been silent for so long, or for half a lease, has its share given to the others. */
const ALIVE_SECONDS_MIN = 5;
/** The wait after an error that is nobody's decision: the database is away, or a bug. */
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
  /** Jobs that another coordinator is to lead, after the step that they are at. */
  private readonly handedOver = new Set<string>();
  private readonly stopping = new AbortController();
  /** Fires when the shutdown waits no longer. */
  private readonly leaving = new AbortController();
  private claiming: Promise<void> = Promise.resolve();

  constructor(
    private readonly coordinators: CoordinatorRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly jobRunner: JobRunner,
    private readonly importRunner: ImportRunner,
    private readonly pool: ProcessPool,
    private readonly workerTokens: WorkerTokens,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: CoordinatorSettings,
  ) {
    // Each scope that is led pauses by it.
    setMaxListeners(0, this.stopping.signal);
  }

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
    const resigning = this.coordinators.resign(this.claimant.owner).catch(() => undefined);
    await unlessAborted(resigning, this.leaving.signal);
    await Promise.all(this.led.values());
    clearTimeout(leave);
    await this.pool.stopAll();
  }

  private async claimLoop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.takeShare();
      } catch (error) {
        this.logger.error({ err: error }, 'claiming scopes failed');
      }
      await this.pause(CLAIM_MS);
    }
  }

  /** Takes over what is free of this coordinator's share, and lets go of what is beyond it. */
  private async takeShare(): Promise<void> {
    const { LEASE_SECONDS: leaseSeconds } = this.config;
    const aliveSeconds = Math.max(ALIVE_SECONDS_MIN, leaseSeconds / 2);
    const { jobs, imports } = await this.coordinators.announce(this.claimant, aliveSeconds);
    const missing = (counts: ScopeCounts) =>
      Math.min(CLAIM_COUNT_MAX, Math.max(0, fairShare(counts) - counts.heldCount));
    const counts = { jobCount: missing(jobs), importCount: missing(imports) };
    if (counts.jobCount > 0 || counts.importCount > 0) {
      // What it still leads but could not move on is left to others.
      const except = [...this.led.keys()];
      const claimed = await this.leaderships.claim(this.claimant, counts, leaseSeconds, except);
      for (const leadership of claimed) this.follow(leadership);
    }
    // Imports end soon, and would begin again.
    this.handOver(jobs.heldCount - fairShare(jobs) - this.handedOver.size);
  }

  /** Lets others lead so many jobs, the latest first. */
  private handOver(count: number): void {
    if (count <= 0) return;
    const jobs = [...this.led.keys()].filter((scope) => parseImportScope(scope) === undefined);
    for (const scope of jobs.filter((job) => !this.handedOver.has(job)).slice(-count)) {
      this.logger.info({ scope }, 'handing over');
      this.handedOver.add(scope);
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
    const held = new HeldLeadership(leadership, this.leaderships, this.config.LEASE_SECONDS, this.logger);
    const left = AbortSignal.any([held.lost, this.leaving.signal]);
    try {
      while (!this.stopping.signal.aborted && !held.lost.aborted && !this.handedOver.has(scope)) {
        const wait = await unlessAborted(this.step(held, left), left);
        if (wait === undefined) break;
        await this.pause(wait);
      }
    } finally {
      held.release();
      const isGivenUp = this.handedOver.delete(scope) || this.stopping.signal.aborted;
      await Promise.all([this.pool.stopWorkers(scope), isGivenUp ? held.giveBack() : undefined]);
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
    this.pool.ensureWorkers({
      scope,
      workerCount,
      ...(threadCount !== undefined && { threadCount }),
      mintToken: () => this.workerTokens.mint(scope),
      coordinatorAddress: gatewayAddress(this.config),
    });
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** How many of the scopes are this coordinator's to lead: the shares differ by one at the most, and add up to all scopes. */
export const fairShare = ({ scopeCount, coordinatorCount, rank }: Omit<ScopeCounts, 'heldCount'>): number =>
  Math.floor((scopeCount + coordinatorCount - 1 - rank) / coordinatorCount);

/** What `work` gives; undefined when the signal fires first, and then `work` goes on with nobody waiting for it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = () => resolve(undefined);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** host:port of WorkerService, as workers reach it. */
const gatewayAddress = ({ WORKER_GATEWAY_ADDRESS, WORKER_GRPC_HOST, WORKER_GRPC_PORT }: CoordinatorSettings): string =>
  WORKER_GATEWAY_ADDRESS ?? `${WORKER_GRPC_HOST}:${WORKER_GRPC_PORT}`;
