import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../config/config.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { SweepRepository, type SweepTurn } from '../storage/postgres/sweep.repository.js';
import { BucketOwnership } from './bucket-ownership.js';
import { Sweep } from './sweep.js';
import { type Swept, SweepTotals } from './swept.js';

/** A sweep that has not gone on for so long has crashed: another coordinator sweeps. */
const TURN_SECONDS = 15 * 60;
/** How often a coordinator asks whether a sweep is due. */
const LOOK_MS = 60_000;

/** Sweeps at intervals, one coordinator at a time. */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly rows: SweepRepository,
    private readonly sweep: Sweep,
    private readonly ownership: BucketOwnership,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: Pick<CoordinatorConfig, 'SWEEP_INTERVAL_SECONDS'>,
  ) {}

  /** The mark is left also by a coordinator that does not sweep: other databases' must know. */
  async onApplicationBootstrap(): Promise<void> {
    await this.ownership.mark();
    if (this.config.SWEEP_INTERVAL_SECONDS > 0) this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.looking;
  }

  private schedule(): void {
    if (this.stopping.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => this.schedule());
    }, LOOK_MS);
  }

  private async look(): Promise<void> {
    try {
      const turn = await this.rows.takeTurn(TURN_SECONDS);
      if (turn === undefined) return;
      const totals = new SweepTotals();
      const isWhole = await this.run(turn, totals);
      // Another coordinator goes on at once with what is left.
      await this.rows.pushDueTime(turn, isWhole ? this.config.SWEEP_INTERVAL_SECONDS : 0);
      this.logger.info({ ...totals.fields, isWhole }, 'sweep ended');
    } catch (error) {
      // The turn ends by itself, and then the sweep is tried again.
      this.logger.error({ err: error }, 'sweep failed');
    }
  }

  /** @returns false when it was broken off: this process ends, or another has taken over. */
  private async run(turn: SweepTurn, totals: SweepTotals): Promise<boolean> {
    let pushedAtMs = performance.now();
    for await (const swept of this.sweep.run(false)) {
      this.report(swept, totals);
      if (this.stopping.signal.aborted) return false;
      if (performance.now() - pushedAtMs < (TURN_SECONDS * 1000) / 3) continue;
      if (!(await this.rows.pushDueTime(turn, TURN_SECONDS))) return false;
      pushedAtMs = performance.now();
    }
    return true;
  }

  private report(swept: Swept, totals: SweepTotals): void {
    totals.add(swept);
    this.logger.debug(swept, 'swept');
  }
}
