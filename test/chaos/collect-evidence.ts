import { createHash } from 'node:crypto';
import type { Client } from 'minio';
import { z } from 'zod';
import { blobKey } from '../../src/storage/object-keys.js';
import { querySql } from '../support/database.js';
import { connectTo } from '../support/object-store.js';
import { BUCKET, type Cluster } from './cluster.js';
import type { BlobRead, Evidence, JobEvents, JobRow, TrainingRow, TrialRow } from './evidence.js';
import type { Load } from './load.js';
import type { RestCaller } from './rest.js';
import type { TaskObserver } from './task-observer.js';

const JOBS = `SELECT id, state, error FROM fine_tune_jobs ORDER BY id`;

const TRIALS = `SELECT id, job_id AS "jobId", concat_ws(' ', phase, method, generation || '/' || slot) AS place, state, genes,
    threshold, lr_multipliers AS "lrMultipliers", fitness, infeasible_reason AS "infeasibleReason",
    reused_trial_id AS "reusedTrialId" FROM trials ORDER BY job_id, phase, method, generation, slot`;

const TRAININGS = `SELECT scope AS "jobId", trial_id AS "trialId", state, claims,
    result -> 'train' -> 'validationMacroAccuracy' AS figure, result -> 'train' -> 'trainSeconds' AS "trainSeconds"
  FROM tasks WHERE spec ? 'train'`;

/** Every digest that a row names: of what tasks have made, of datasets, of the base model, of models. */
const BLOBS = `
  SELECT 'base model ' || id AS name, sha256, NULL AS uri FROM base_models
  UNION ALL SELECT 'weights of ' || scope || ' ' || key, result #>> '{train,weights,sha256}', NULL FROM tasks
    WHERE result #> '{train,weights}' IS NOT NULL
  UNION ALL SELECT 'manifest of ' || scope, result #>> '{import,manifest,sha256}', NULL FROM tasks WHERE kind = 'IMPORT' AND result IS NOT NULL
  UNION ALL SELECT 'shard of ' || scope, shard ->> 'sha256', NULL
    FROM tasks, jsonb_array_elements(result #> '{import,shards}') AS shard WHERE kind = 'IMPORT' AND result IS NOT NULL
  UNION ALL SELECT 'manifest of ' || dataset_id, manifest ->> 'sha256', NULL FROM dataset_versions WHERE manifest IS NOT NULL
  UNION ALL SELECT 'shard of ' || dataset_id, shard ->> 'sha256', NULL
    FROM dataset_versions, jsonb_array_elements(shards) AS shard
  UNION ALL SELECT 'file of ' || model || ': ' || (file ->> 'path'), file ->> 'sha256', file ->> 'uri'
    FROM model_versions, jsonb_array_elements(files) AS file WHERE state = 'READY'`;

const eventPageSchema = z.object({
  events: z.array(z.object({ seq: z.int() })),
  nextPageToken: z.string().optional(),
});

export interface EvidenceSources {
  readonly cluster: Cluster;
  readonly caller: RestCaller;
  readonly load: Load;
  readonly observer: TaskObserver;
}

/** Reads what is left behind, past all links: from the database and the store, and once more over REST. */
export async function collectEvidence({ cluster, caller, load, observer }: EvidenceSources): Promise<Evidence> {
  const { postgresUrl, objectStore } = cluster.stores;
  const jobs = await querySql<Omit<JobRow, 'isCancelAsked'>>(postgresUrl, JOBS);
  return {
    answers: load.answers,
    jobs: jobs.map((job) => ({ ...job, isCancelAsked: load.cancelAsked.has(job.id) })),
    taskVersions: observer.versions,
    trials: await querySql<TrialRow & object>(postgresUrl, TRIALS),
    trainings: await querySql<TrainingRow & object>(postgresUrl, TRAININGS),
    blobs: await readBlobs(postgresUrl, connectTo(objectStore)),
    events: await readEvents(
      postgresUrl,
      caller,
      jobs.map(({ id }) => id),
    ),
  };
}

async function readBlobs(url: string, client: Client): Promise<BlobRead[]> {
  const rows = await querySql<{ name: string; sha256: string; uri: string | null }>(url, BLOBS);
  const digests = new Map<string, string | null>();
  const blobs: BlobRead[] = [];
  for (const { name, sha256, uri } of rows) {
    const key = uri?.replace(`s3://${BUCKET}/`, '') ?? blobKey(sha256);
    const foundSha256 = digests.get(key) ?? (await digestOf(client, key));
    digests.set(key, foundSha256);
    blobs.push({ name: `${name} (${key})`, sha256, foundSha256 });
  }
  return blobs;
}

async function digestOf(client: Client, key: string): Promise<string | null> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of await client.getObject(BUCKET, key)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NoSuchKey') return null;
    throw error;
  }
}

async function readEvents(url: string, caller: RestCaller, jobIds: readonly string[]): Promise<JobEvents[]> {
  const rows = await querySql<{ jobId: string; seq: number }>(
    url,
    `SELECT job_id AS "jobId", seq::int FROM events ORDER BY job_id, seq`,
  );
  const events: JobEvents[] = [];
  for (const jobId of jobIds) {
    const stored = rows.flatMap((row) => (row.jobId === jobId ? [row.seq] : []));
    events.push({ jobId, stored, delivered: await deliveredEvents(caller, jobId) });
  }
  return events;
}

async function deliveredEvents(caller: RestCaller, jobId: string): Promise<number[]> {
  const seqs: number[] = [];
  let token = '';
  do {
    const { body } = await caller.call('GET', `/fineTuneJobs/${jobId}/events?pageSize=10${token}`);
    const { events, nextPageToken } = eventPageSchema.parse(body);
    seqs.push(...events.map(({ seq }) => seq));
    token = nextPageToken === undefined ? '' : `&pageToken=${nextPageToken}`;
  } while (token !== '');
  return seqs;
}
