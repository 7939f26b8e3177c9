import { Injectable } from '@nestjs/common';
import type { Leadership } from '../../storage/postgres/leadership.repository.js';
import { ScopeChangeRepository, type TaskEnd } from '../../storage/postgres/scope-change.repository.js';

/** What a coordinator does next about a scope. */
export type Advance =
  | { readonly next: 'WAIT' }
  /** Keep `workerCount` workers at its tasks, with so many threads each where a training has fixed that. */
  | { readonly next: 'WORK'; readonly workerCount: number; readonly threadCount?: number }
  | { readonly next: 'ENDED' };

/** What one step has come to. */
export interface Step {
  readonly advance: Advance;
  /** When the next step is due though no row has changed, in ms since 1970; 0 is at once, Infinity never. */
  readonly restsUntilMs: number;
}

/**
 * The ends of tasks since the last step of the same leader; undefined when nothing of the scope is known: at the first step,
 * after a step that failed, and when the rows of the job or of its dataset version have changed.
 */
export type News = readonly TaskEnd[] | undefined;

/** The longest time between two steps, for what no row shows: that nothing has happened for hours, say. */
const REST_MS_MAX = 60_000;

/**
 * Leaves out the steps that would change nothing: one question to the database says so. What it remembers of a leadership
 * only saves work; it goes with the leadership.
 */
@Injectable()
export class ScopeWatch {
  private readonly known = new WeakMap<Leadership, Step & { readonly version: string }>();

  constructor(private readonly changes: ScopeChangeRepository) {}

  /** @param step May be repeated with the same news: these are forgotten after it. */
  async advance(leadership: Leadership, step: (news: News) => Promise<Step>): Promise<Advance> {
    const { version, ends } = await this.changes.read(leadership.scope);
    const before = this.known.get(leadership);
    const isSame = before?.version === version;
    if (isSame && ends.length === 0 && Date.now() < before.restsUntilMs) return before.advance;
    this.known.delete(leadership);
    const latestMs = Date.now() + REST_MS_MAX;
    const after = await step(isSame ? ends : undefined);
    if (after.advance.next === 'ENDED') return after.advance;
    await this.changes.forget(leadership, ends);
    this.known.set(leadership, { ...after, restsUntilMs: Math.min(after.restsUntilMs, latestMs), version });
    return after.advance;
  }
}
