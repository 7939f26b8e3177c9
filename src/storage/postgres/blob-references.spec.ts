import { getMetadataArgsStorage } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blockSchema } from '../../domain/base-model.js';
import {
  datasetClassSchema,
  datasetIssueSchema,
  shardSchema,
  splitConfigSchema,
} from '../../domain/dataset/dataset.js';
import { failureSchema } from '../../domain/errors.js';
import { fineTuneJobSpecSchema } from '../../domain/job/fine-tune-job.js';
import { jobResultSchema } from '../../domain/job/job-result.js';
import { modelFileSchema } from '../../domain/model-version.js';
import { runtimeSchema } from '../../domain/runtime.js';
import { pruningSchema, trialSettingsSchema } from '../../domain/job/trial.js';
import { artifactSchema } from '../../domain/artifact.js';
import { taskResultSchema, taskSpecSchema } from '../../domain/task.js';
import { sha256Schema } from '../../domain/text.js';
import { BLOB_REFERENCES } from './blob-references.js';
import { snakeCase } from './entities/columns.js';
import './data-source.js';

const words = z.record(z.string(), z.string());

/** What each jsonb column holds, by the domain. */
const JSON_COLUMNS: Readonly<Record<string, z.ZodType>> = {
  'base_models.blocks': z.array(blockSchema),
  'dataset_versions.split': splitConfigSchema,
  'dataset_versions.classes': z.array(datasetClassSchema),
  'dataset_versions.issues': z.array(datasetIssueSchema),
  'dataset_versions.manifest': artifactSchema,
  'dataset_versions.shards': z.array(shardSchema),
  'dataset_versions.error': failureSchema,
  'events.payload': words,
  'fine_tune_jobs.labels': words,
  'fine_tune_jobs.spec': fineTuneJobSpecSchema,
  'fine_tune_jobs.runtime': runtimeSchema,
  'fine_tune_jobs.result': jobResultSchema,
  'fine_tune_jobs.error': failureSchema,
  'fine_tune_jobs.outage': failureSchema,
  'fine_tune_jobs.pause': z.object({ reason: z.string(), message: z.string(), time: z.string() }),
  'model_versions.files': z.array(modelFileSchema),
  'tasks.spec': taskSpecSchema,
  'tasks.failure': failureSchema,
  'tasks.result': taskResultSchema,
  'trials.settings': trialSettingsSchema,
  'trials.pruning': pruningSchema,
};

/** Hashes that name no blob, each with its reason. */
const OTHER_HASHES = [
  'model_versions.files', // copies in the version's folder
  'idempotency_keys.request_sha256', // of a request
  'blob_claims.sha256', // a claim is made before the row that counts
];

const { columns, tables } = getMetadataArgsStorage();
const tableOf = new Map(tables.map(({ target, name }) => [target, name]));
const columnNames = (isWanted: (name: string, type: unknown) => boolean): string[] =>
  columns
    .filter(({ propertyName, options }) => isWanted(snakeCase(propertyName), options.type))
    .map(({ target, propertyName }) => `${tableOf.get(target)}.${snakeCase(propertyName)}`)
    .sort();

const HASH_PATTERN = z.toJSONSchema(sha256Schema).pattern;

/** The keys under which a JSON schema has hashes, at any depth; those of lists of bare hashes end in `[]`. */
function hashKeys(node: unknown, key = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('pattern' in node && node.pattern === HASH_PATTERN) return [key];
  return Object.entries(node).flatMap(([part, child]) => {
    if (part === 'properties') return Object.entries(child as object).flatMap(([name, of]) => hashKeys(of, name));
    return hashKeys(child, part === 'items' ? `${key}[]` : key);
  });
}
const hashKeysOf = (column: string) =>
  hashKeys(z.toJSONSchema(JSON_COLUMNS[column] ?? z.never(), { unrepresentable: 'any' }));

const referenced = (holds: 'name' | 'json') =>
  BLOB_REFERENCES.filter((reference) => reference.holds === holds).map(({ table, column }) => `${table}.${column}`);

describe('the columns that name blobs', () => {
  it('are found by hashes under other keys and in lists, too', () => {
    const schema = z.object({ a: z.object({ digest: sha256Schema }).optional(), b: z.array(sha256Schema) });
    expect(hashKeys(z.toJSONSchema(schema))).toEqual(['digest', 'b[]']);
  });

  it('are looked for in every jsonb column', () => {
    expect(Object.keys(JSON_COLUMNS).sort()).toEqual(columnNames((_, type) => type === 'jsonb'));
  });

  it('are all of those whose schema has a hash', () => {
    const withHashes = Object.keys(JSON_COLUMNS).filter((column) => hashKeysOf(column).length > 0);
    expect(withHashes.filter((column) => !OTHER_HASHES.includes(column)).sort()).toEqual(referenced('json').sort());
  });

  it.each(referenced('json'))('name them by the key that the sweep looks for: %s', (column) => {
    expect(new Set(hashKeysOf(column))).toEqual(new Set(['sha256']));
  });

  it('are all of those that are hashes themselves', () => {
    const hashes = columnNames((name, type) => type === 'text' && /sha256|digest|hash/.test(name));
    expect(hashes.filter((column) => !OTHER_HASHES.includes(column))).toEqual(referenced('name'));
  });
});
