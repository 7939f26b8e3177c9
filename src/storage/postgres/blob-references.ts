import { FRUITLESS_JOB_STATES } from '../../domain/job/job-state.js';
import { OPEN_TRIAL_STATES } from '../../domain/job/trial.js';
import { oneOf } from './entities/checks.js';

/** A column whose values name blobs. */
export interface BlobReference {
  readonly table: string;
  readonly column: string;
  /** `name`: the column is a SHA-256. `json`: each `sha256` in it, at any depth, is one. */
  readonly holds: 'name' | 'json';
  /** SQL: orders the rows, which are read a page at a time. */
  readonly key: string;
  /** SQL: the part of the column that counts, where not all does. */
  readonly part?: string;
  /** SQL: rows whose references count, where not all do; `$2` is the age in seconds beyond which ended work is not kept. */
  readonly where?: string;
  /** SQL: rows that may have come to name a blob since the time `$1`. */
  readonly changedSince: string;
}

/** Nobody goes on with a job that failed or was cancelled; for as long as an unreferenced blob, its weights are kept. */
const JOB_IS_KEPT = `NOT EXISTS (SELECT FROM fine_tune_jobs j
  WHERE j.id = scope AND ${oneOf('j.state', FRUITLESS_JOB_STATES)} AND j.end_time < now() - $2 * interval '1 second')`;

/** Nobody goes on from a checkpoint of a trial that has ended. A task that was given one has done with it by then, too. */
const withoutSpentCheckpoint = (column: string, path: string): string => `CASE
  WHEN EXISTS (SELECT FROM trials r WHERE r.id = trial_id AND ${oneOf('r.state', OPEN_TRIAL_STATES)})
  THEN ${column} ELSE ${column} #- '${path}' END`;

const TASK = { table: 'tasks', holds: 'json', key: 'id', where: JOB_IS_KEPT } as const;
/** A version takes over what its import task has named, and that task stays. */
const VERSION = {
  table: 'dataset_versions',
  holds: 'json',
  key: `dataset_id || '/' || number`,
  changedSince: 'false',
} as const;

/**
 * Every column that names blobs: what none of these names is swept. Copies under other keys, as the files of model
 * versions, are no references.
 *
 * A schema that gains a hash fails `blob-references.spec.ts` until its column stands here, or there as one that names none.
 */
export const BLOB_REFERENCES: readonly BlobReference[] = [
  { table: 'base_models', column: 'sha256', holds: 'name', key: 'id', changedSince: 'true' },
  { ...VERSION, column: 'manifest' },
  { ...VERSION, column: 'shards' },
  {
    ...TASK,
    column: 'spec',
    part: withoutSpentCheckpoint('spec', '{train,resumeFrom}'),
    changedSince: 'create_time >= $1',
  },
  {
    ...TASK,
    column: 'result',
    part: withoutSpentCheckpoint('result', '{train,checkpoint}'),
    changedSince: 'end_time >= $1',
  },
];

/** Rows of a page: read, with all that they hold, well before the time limit of statements. */
const PAGE_SIZE = 200;

const partOf = ({ column, part = column }: BlobReference): string => part;

const hashes = ({ column, holds }: BlobReference): string =>
  holds === 'name'
    ? `SELECT page.${column}`
    : `SELECT found #>> '{}' FROM jsonb_path_query(page.${column}, 'strict $.**.sha256', '{}', true) found`;

/**
 * SQL: the hashes that a page of rows names, and the key of its last row, which is null behind the last page. `$1` is the
 * last key of the page before.
 */
export const namedOnPage = (reference: BlobReference): string => `
  WITH page AS MATERIALIZED (
    SELECT ${reference.key} AS key, ${partOf(reference)} AS ${reference.column} FROM ${reference.table}
     WHERE ${reference.key} > $1 AND ${reference.where ?? 'true'} ORDER BY 1 LIMIT ${PAGE_SIZE})
  SELECT max(key) AS "lastKey", coalesce(array_agg(DISTINCT named.sha256) FILTER (WHERE named.sha256 IS NOT NULL), '{}') AS names
    FROM page LEFT JOIN LATERAL (${hashes(reference)}) AS named (sha256) ON true`;

const namedSince = (reference: BlobReference): string => `
  SELECT named.sha256 FROM (SELECT ${partOf(reference)} AS ${reference.column} FROM ${reference.table} WHERE ${reference.changedSince}) AS page,
    LATERAL (${hashes(reference)}) AS named (sha256)`;

/** SQL: those of the hashes `$2` that rows name which may have come to do so since the time `$1`. */
export const NAMED_SINCE = `SELECT DISTINCT sha256 FROM (${BLOB_REFERENCES.map(namedSince).join(' UNION ALL ')}) AS named
  WHERE sha256 = ANY ($2::text[])`;
