import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../observability/logger.js';
import type { Leadership, LeadershipRepository } from '../../storage/postgres/leadership.repository.js';

/** The time after which a step counts as stuck; publishing, which reads and copies whole models, takes less. */
const STEP_MS_MAX = 15 * 60_000;

/** A leadership that is renewed for as long as its scope moves on, and given back at the end. */
export class HeldLeadership {
  private readonly loss = new AbortController();
  private readonly end = new AbortController();
  private readonly renewing: Promise<void>;
  private hasStepFailed = false;
  /** The start of the latest step, on the clock of `performance.now()`. */
  private stepStartMs = performance.now();

  constructor(
    readonly leadership: Leadership,
    private readonly leaderships: LeadershipRepository,
    private readonly leaseSeconds: number,
    private readonly logger: Logger,
  ) {
    this.renewing = this.keepRenewing();
  }

  /** Fires when another coordinator has taken over, or the scope has ended. */
  get lost(): AbortSignal {
    return this.loss.signal;
  }

  /** Notes that a step begins, and how it ends. @throws {Error} Whatever the step throws. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    this.stepStartMs = performance.now();
    try {
      const result = await work();
      this.hasStepFailed = false;
      return result;
    } catch (error) {
      this.hasStepFailed = true;
      throw error;
    }
  }

  /** Renews no more; what is not given back can be taken over when the lease ends. */
  release(): void {
    this.end.abort();
  }

  /** Lets another coordinator take over at once. */
  async giveBack(): Promise<void> {
    this.release();
    // A renewal that is under way would undo it.
    await this.renewing;
    await this.leaderships.giveBack(this.leadership).catch((error: unknown) => {
      this.logger.warn({ scope: this.leadership.scope, err: error }, 'giving back failed');
    });
  }

  private async keepRenewing(): Promise<void> {
    const { signal } = this.end;
    for (;;) {
      await sleep((this.leaseSeconds * 1000) / 3, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.renew();
    }
  }

  /**
   * Renews the lease, but not while steps fail, or do not end: another coordinator may have more luck, and takes over
   * when the lease ends.
   */
  private async renew(): Promise<void> {
    const movesOn = !this.hasStepFailed && performance.now() - this.stepStartMs < STEP_MS_MAX;
    try {
      const isHeld = movesOn
        ? await this.leaderships.renew(this.leadership, this.leaseSeconds)
        : await this.leaderships.isHeld(this.leadership);
      if (!isHeld) this.loss.abort();
    } catch (error) {
      // Every write is fenced: going on without a renewal can waste work, never spoil it.
      this.logger.warn({ scope: this.leadership.scope, err: error }, 'renewing failed');
    }
  }
}
