import { setTimeout as sleep } from 'node:timers/promises';
import { querySql } from '../support/database.js';
import type { TaskVersion } from './evidence.js';

const POLL_MS = 500;

const LOOK = `SELECT t.id, t.scope, t.key, t.state, t.fence::int, t.claims, md5(t.result::text) AS "resultDigest",
    t.state = 'leased' AND t.lease_until > now() AS "isHeld",
    extract(epoch FROM now() - (SELECT min(e.time) FROM events e WHERE e.job_id = t.scope AND e.type = 'CANCEL_REQUESTED'))::float8
      AS "cancelledSeconds"
  FROM tasks t`;

/** Looks at every task twice a second, past all faults, and keeps what has changed. */
export class TaskObserver {
  private readonly versionsById = new Map<string, TaskVersion[]>();
  private readonly watching: Promise<void>;
  private isOver = false;

  /** @param databaseUrl Gives where Postgres is now. */
  constructor(private readonly databaseUrl: () => string) {
    this.watching = this.watch();
  }

  get versions(): TaskVersion[] {
    return [...this.versionsById.values()].flat();
  }

  get succeededCount(): number {
    return [...this.versionsById.values()].filter((versions) => versions.at(-1)?.state === 'succeeded').length;
  }

  /** Leases that run. */
  get heldCount(): number {
    return [...this.versionsById.values()].filter((versions) => versions.at(-1)?.isHeld).length;
  }

  /** Looks a last time. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.watching;
    await this.look();
  }

  private async watch(): Promise<void> {
    while (!this.isOver) {
      // Postgres is being restarted.
      await this.look().catch(() => undefined);
      await sleep(POLL_MS);
    }
  }

  private async look(): Promise<void> {
    for (const version of await querySql<TaskVersion>(this.databaseUrl(), LOOK)) {
      const versions = this.versionsById.get(version.id) ?? [];
      this.versionsById.set(version.id, versions);
      const last = versions.at(-1);
      if (last === undefined || hasChanged(last, version)) versions.push(version);
    }
  }
}

/** A lease of a cancelled job counts as a change at each look: how long it is held is what is asked. */
function hasChanged(last: TaskVersion, next: TaskVersion): boolean {
  const { cancelledSeconds: _, ...before } = last;
  const { cancelledSeconds, ...after } = next;
  if (next.isHeld && cancelledSeconds !== null) return true;
  return (
    JSON.stringify(before) !== JSON.stringify(after) || (last.cancelledSeconds === null) !== (cancelledSeconds === null)
  );
}
