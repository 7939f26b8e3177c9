/** A column whose values name blobs. */
export interface BlobReference {
  readonly table: string;
  readonly column: string;
  /** `name`: the column is a SHA-256. `json`: each `sha256` in it, at any depth, is one. */
  readonly holds: 'name' | 'json';
  /** SQL: rows whose references count, where not all do; `$1` is the age in seconds beyond which ended work is not kept. */
  readonly where?: string;
}

/** Nobody goes on with a job that failed or was cancelled; for as long as an unreferenced blob, its weights are kept. */
const JOB_IS_KEPT = `NOT EXISTS (SELECT FROM fine_tune_jobs j
  WHERE j.id = scope AND j.state IN ('FAILED', 'CANCELLED') AND j.end_time < now() - $1 * interval '1 second')`;

/**
 * Every column that names blobs: what none of these names is swept. Copies under other keys, as the files of model
 * versions, are no references.
 *
 * A schema that gains a hash fails `blob-references.spec.ts` until its column stands here, or there as one that names none.
 */
export const BLOB_REFERENCES: readonly BlobReference[] = [
  { table: 'base_models', column: 'sha256', holds: 'name' },
  { table: 'dataset_versions', column: 'manifest', holds: 'json' },
  { table: 'dataset_versions', column: 'shards', holds: 'json' },
  { table: 'tasks', column: 'spec', holds: 'json', where: JOB_IS_KEPT },
  { table: 'tasks', column: 'result', holds: 'json', where: JOB_IS_KEPT },
];

const names = ({ table, column, holds, where = 'true' }: BlobReference): string =>
  holds === 'name'
    ? `SELECT ${column} AS sha256 FROM ${table} WHERE ${where}`
    : `SELECT found #>> '{}' FROM ${table}, jsonb_path_query(${column}, 'strict $.**.sha256', '{}', true) found WHERE ${where}`;

/** SQL: each hash that a row names, once; `$1` as above. */
export const REFERENCED_BLOBS = BLOB_REFERENCES.map(names).join('\nUNION\n');
