import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import type { Claimant } from './leadership.repository.js';

/** How the scopes of one kind are led, as one coordinator sees it. */
export interface ScopeCounts {
  readonly scopeCount: number;
  /** Led by this coordinator. */
  readonly heldCount: number;
  /** Live coordinators that may lead them, this one among them. */
  readonly coordinatorCount: number;
  /** Place of this coordinator among them by its name, from 0. */
  readonly rank: number;
}

/** A row that nobody has renewed for so long is deleted. */
const FORGET_SECONDS = 3600;

const ANNOUNCE = `WITH announced AS (
    INSERT INTO coordinators (owner, algorithm_version, alive_until) VALUES ($1, $2, now() + $3 * interval '1 second')
    ON CONFLICT (owner) DO UPDATE SET alive_until = EXCLUDED.alive_until),
  forgotten AS (DELETE FROM coordinators WHERE alive_until < now() - ${FORGET_SECONDS} * interval '1 second'),
  kinds AS (SELECT algorithm_version AS version FROM (VALUES ($2::int), (NULL)) AS v (algorithm_version)),
  others AS (SELECT owner, algorithm_version FROM coordinators WHERE owner <> $1 AND alive_until > now())
  SELECT k.version IS NULL AS "isImport", led.*, rivals.*
    FROM kinds k
   CROSS JOIN LATERAL (
     SELECT count(*)::int AS "scopeCount", count(*) FILTER (WHERE l.owner = $1 AND l.lease_until > now())::int AS "heldCount"
       FROM leaderships l
      -- Not those of paused jobs, which nobody leads.
      WHERE l.algorithm_version IS NOT DISTINCT FROM k.version AND l.lease_until < 'infinity') led
   CROSS JOIN LATERAL (
     SELECT 1 + count(*)::int AS "coordinatorCount", count(*) FILTER (WHERE o.owner < $1)::int AS rank
       FROM others o WHERE k.version IS NULL OR o.algorithm_version = k.version) rivals`;

/** Which coordinators are there: each renews a row of its own. Only the database's clock decides who is alive. */
@Injectable()
export class CoordinatorRepository {
  constructor(private readonly database: Database) {}

  /** Says that a coordinator is alive for so many seconds. @returns what it may lead: jobs of its version, and imports. */
  async announce(
    { owner, algorithmVersion }: Claimant,
    aliveSeconds: number,
  ): Promise<{ readonly jobs: ScopeCounts; readonly imports: ScopeCounts }> {
    const rows = await this.database.query<(ScopeCounts & { isImport: boolean })[]>(ANNOUNCE, [
      owner,
      algorithmVersion,
      aliveSeconds,
    ]);
    const jobs = rows.find(({ isImport }) => !isImport);
    const imports = rows.find(({ isImport }) => isImport);
    if (jobs === undefined || imports === undefined) throw new Error(`${owner} could not be announced`);
    return { jobs, imports };
  }

  /** Says that a coordinator goes: the others share out what it led. */
  async resign(owner: string): Promise<void> {
    await this.database.query('DELETE FROM coordinators WHERE owner = $1', [owner]);
  }
}
