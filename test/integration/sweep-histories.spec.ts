import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/random/random-stream.js';
import {
  BLOB_PREFIX,
  MODEL_VERSION_PREFIX,
  modelVersionOfKey,
  sha256OfBlobKey,
  UPLOAD_PREFIX,
} from '../../src/storage/object-keys.js';
import { Histories } from './sweep-histories.js';
import { SweepWorld } from './sweep-world.js';

const WEEK_COUNT = 6;
/** Imports and jobs under way at the same time. */
const HISTORY_COUNT = 8;

interface Row {
  readonly names: unknown;
}

/** Read without what the sweep reads by: every hash in rows that somebody still needs. */
const NEEDED = `
  SELECT jsonb_build_object('sha256', sha256) AS names FROM base_models
  UNION ALL SELECT jsonb_build_array(manifest, shards) FROM dataset_versions
  UNION ALL SELECT jsonb_build_array(t.spec, t.result) FROM tasks t LEFT JOIN fine_tune_jobs j ON j.id = t.scope
    WHERE coalesce(j.state, 'RUNNING') NOT IN ('FAILED', 'CANCELLED')`;

function hashesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'sha256' in value ? [String(value.sha256)] : [];
  return [...own, ...Object.values(value).flatMap(hashesIn)];
}

describe.each([1, 2, 3])('sweeps beside jobs that fail, crash and share bytes, history %i', (seed) => {
  let world: SweepWorld;
  let histories: Histories;

  beforeEach(async () => {
    world = await SweepWorld.start();
    histories = new Histories(world, randomStream(`sweep/${seed}`));
  });

  afterEach(async () => {
    await world.stop();
  });

  const needed = async () =>
    new Set((await world.dataSource.query<Row[]>(NEEDED)).flatMap(({ names }) => hashesIn(names)));
  /** Of workers that were told that bytes are stored, and then were refused for want of them. */
  const faults = () =>
    world.dataSource.query<{ failure: unknown }[]>(
      'SELECT failure FROM tasks WHERE failure IS NOT NULL AND id <> ALL ($1)',
      [histories.sleptTasks],
    );
  const stored = async () => (await world.keys(BLOB_PREFIX)).map((key) => sha256OfBlobKey(key) ?? key);
  const versionKeys = async () => {
    const rows = await world.dataSource.query<{ key: string }[]>(
      `SELECT 'projects/' || project || '/models/' || model || '/' || number || '/READY' AS key FROM model_versions WHERE state = 'READY'`,
    );
    return rows.map(({ key }) => key);
  };
  /** Sweeps again and again while `work` is done. */
  const sweepDuring = async (work: Promise<unknown>) => {
    const done = new AbortController();
    const sweeping = (async () => {
      while (!done.signal.aborted) await world.sweep();
    })();
    await Promise.all([work.finally(() => done.abort()), sweeping]);
  };

  it('take nothing that is named, and in the end leave nothing that is not', async () => {
    for (let week = 0; week < WEEK_COUNT; week += 1) {
      const happening = Array.from({ length: HISTORY_COUNT }, () => histories.happen());
      await sweepDuring(sweepDuring(Promise.all([...happening, histories.wake()])));
      const blobs = new Set(await stored());
      expect([...(await needed())].filter((sha256) => !blobs.has(sha256))).toEqual([]);
      expect(await faults()).toEqual([]);
      expect(await world.keys(MODEL_VERSION_PREFIX)).toEqual(expect.arrayContaining(await versionKeys()));
      await world.aWeekPasses();
    }
    await histories.giveUpJobs();
    await world.aWeekPasses();
    await world.sweep();

    expect((await stored()).sort()).toEqual([...(await needed())].sort());
    expect(await world.keys(UPLOAD_PREFIX)).toEqual([]);
    expect(await world.unfinishedUploads()).toEqual([]);
    const folders = (await world.keys(MODEL_VERSION_PREFIX)).map((key) => modelVersionOfKey(key)?.number);
    const versions = await world.dataSource.query<{ number: number }[]>('SELECT number FROM model_versions');
    expect(new Set(folders)).toEqual(new Set(versions.map(({ number }) => number)));
    for (const table of ['metric_points', 'idempotency_keys', 'blob_claims'] as const) {
      expect(await world.count(table), table).toBe(0);
    }
  });
});
