import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import { parseImportScope } from './dataset.repository.js';
import type { Leadership } from './leadership.repository.js';

/** The end of a task that its scope's leader has not acted on yet; `fence` names it. */
export interface TaskEnd {
  readonly fence: number;
  readonly trialId?: string;
}

/** What may have changed about a scope. */
export interface ScopeChanges {
  /** Differs after every write to the rows of the scope's job and dataset version. */
  readonly version: string;
  /** The ends of tasks, at most `END_COUNT_MAX`: the others come after these are forgotten. */
  readonly ends: readonly TaskEnd[];
}

/** Ends that are acted on together. */
const END_COUNT_MAX = 1000;

/** A row's xmin is the transaction that wrote it: no write leaves it as it was, whoever makes it. */
const JOB_VERSION = `SELECT concat(j.xmin, '/', v.xmin) FROM fine_tune_jobs j
   JOIN dataset_versions v ON v.dataset_id = j.dataset_id AND v.number = j.dataset_version WHERE j.id = $1`;
const IMPORT_VERSION = `SELECT v.xmin::text FROM dataset_versions v WHERE v.dataset_id = $2 AND v.number = $3`;

const changes = (version: string): string => `SELECT (${version}) AS version,
  (SELECT json_agg(json_build_object('fence', e.fence, 'trialId', e.trial_id))
     FROM (SELECT fence, trial_id FROM task_ends WHERE scope = $1 ORDER BY fence LIMIT ${END_COUNT_MAX}) e) AS ends`;

/** Answers in one statement whether a leader has anything to do. */
@Injectable()
export class ScopeChangeRepository {
  constructor(private readonly database: Database) {}

  async read(scope: string): Promise<ScopeChanges> {
    const place = parseImportScope(scope);
    const [row] = await this.database.query<
      { version: string | null; ends: { fence: number; trialId: string | null }[] | null }[]
    >(
      place === undefined ? changes(JOB_VERSION) : changes(IMPORT_VERSION),
      place === undefined ? [scope] : [scope, place.datasetId, place.number],
    );
    const ends = row?.ends ?? [];
    return {
      version: row?.version ?? '',
      ends: ends.map(({ fence, trialId }) => ({ fence, ...(trialId !== null && { trialId }) })),
    };
  }

  /** Forgets ends that have been acted on, unless another coordinator leads the scope by now. */
  async forget({ scope, epoch }: Leadership, ends: readonly TaskEnd[]): Promise<void> {
    if (ends.length === 0) return;
    await this.database.query(
      `DELETE FROM task_ends e USING leaderships l
        WHERE l.scope = $1 AND l.epoch = $2 AND e.scope = $1 AND e.fence = ANY ($3)`,
      [scope, epoch, ends.map(({ fence }) => fence)],
    );
  }
}
