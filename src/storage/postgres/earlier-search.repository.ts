import { Injectable } from '@nestjs/common';
import type { SearchMode } from '../../methods/search-modes.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { Database } from './database.js';

/** The winner of a search that has ended well, and what its data were. */
export interface EarlierSearchRow {
  readonly jobId: string;
  /** One per block, input side first. */
  readonly lrMultipliers: readonly number[];
  readonly imageSizePx: number;
  readonly classCount: number;
  /** Training images. */
  readonly imageCount: number;
}

/** Walks the index of a project's jobs backwards; once in a job's life, so that it needs none of its own. */
const NEWEST = `SELECT j.id AS "jobId", s.score -> 'lrMultipliers' AS "lrMultipliers",
    (j.spec #>> '{data,imageSizePx}')::int AS "imageSizePx", jsonb_array_length(v.classes) AS "classCount",
    (SELECT sum((c.class #>> '{imageCount,train}')::int)::int FROM jsonb_array_elements(v.classes) c (class)) AS "imageCount"
  FROM fine_tune_jobs j
  JOIN dataset_versions v ON v.dataset_id = j.dataset_id AND v.number = j.dataset_version
  CROSS JOIN LATERAL jsonb_array_elements(j.result -> 'scores') s (score)
 WHERE j.project = $1 AND j.state = 'SUCCEEDED' AND j.spec ->> 'baseModel' = $2
   AND j.spec #>> '{search,biotune,mode}' = $3 AND s.score ->> 'method' = $4
 ORDER BY j.id DESC LIMIT $5`;

/** What searches of earlier jobs have found. */
@Injectable()
export class EarlierSearchRepository {
  constructor(private readonly database: Database) {}

  /**
   * The searches of a project that have ended well, newest job first.
   *
   * @param search `baseModel`: its resource name; `mode`: that of the searches.
   * @param count The largest number of them.
   */
  async newest(
    { project, baseModel, mode }: { readonly project: string; readonly baseModel: string; readonly mode: SearchMode },
    count: number,
  ): Promise<EarlierSearchRow[]> {
    return this.database.query<EarlierSearchRow[]>(NEWEST, [project, baseModel, mode, SEARCH_METHOD, count]);
  }
}
