import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import type { Artifact } from '../../src/domain/artifact.js';
import { blobKey, checkKey, modelVersionPrefix, ownerKey } from '../../src/storage/object-keys.js';
import { noTransaction } from '../support/database.js';
import { SweepWorld } from './sweep-world.js';

const DAY_SECONDS = 24 * 60 * 60;
const WEEK_SECONDS = 7 * DAY_SECONDS;

describe('a sweep', () => {
  let world: SweepWorld;

  beforeEach(async () => {
    world = await SweepWorld.start();
  });

  afterEach(async () => {
    await world.stop();
  });

  const orphan = () => world.objects.putBlob(Buffer.from('nobody names me'));
  const oldOrphan = async () => {
    const blob = await orphan();
    await world.aWeekPasses();
    return blob;
  };
  const now = async () => ({ ageSeconds: WEEK_SECONDS, seenAt: await world.rows.before(0) });
  const refuse = () => Promise.reject(new Error('the store is down'));
  const isStored = (blob: Artifact) => world.objects.hasBlob(blob);

  /** A job with one training, whose weights are the blob. */
  const jobWith = async (weights: Artifact) => {
    const { datasets, jobs, leaderships, tasks, dataSource } = world;
    const split = { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 };
    const dataset = { displayName: 'd', sourceUri: 's3://images/d', split };
    const datasetId = await datasets.insert(noTransaction(dataSource), 'vision', dataset);
    const id = newId('ftj');
    const job = { id, project: 'vision', labels: {}, datasetId, datasetVersion: 1, algorithmVersion: 1 };
    await jobs.insert(noTransaction(dataSource), { ...job, spec: {} as never });
    await leaderships.open(noTransaction(dataSource), id, 1);
    await tasks.insert(noTransaction(dataSource), [
      { scope: id, key: 'search/0/0/1', spec: { import: { prefix: '', split } } },
    ]);
    const result = JSON.stringify({ train: { weights } });
    await dataSource.query(`UPDATE tasks SET state = 'succeeded', result = $2, end_time = now() WHERE scope = $1`, [
      id,
      result,
    ]);
    return id;
  };
  const fail = (id: string) => world.jobs.move(noTransaction(world.dataSource), id, 'FAILED', { endTime: new Date() });

  const waitForBlockedClaim = () =>
    expect
      .poll(
        () =>
          world.dataSource.query(
            `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
          ),
        {
          timeout: 30_000,
        },
      )
      .toHaveLength(1);

  it('deletes an old blob that no row names, and no young one', async () => {
    const old = await oldOrphan();
    const young = await world.objects.putBlob(Buffer.from('just uploaded'));
    expect(await world.sweep()).toEqual([{ kind: 'BLOB', key: blobKey(old.sha256), sizeBytes: old.sizeBytes }]);
    expect([await isStored(old), await isStored(young)]).toEqual([false, true]);
  });

  it('deletes nothing when it is dry, and tells what it would', async () => {
    const old = await oldOrphan();
    const told = await world.sweep(true);
    expect(await isStored(old)).toBe(true);
    expect(await world.sweep()).toEqual(told);
  });

  it('keeps a blob that a writer has claimed', async () => {
    const old = await oldOrphan();
    await world.claims.claim([old]);
    expect(await world.sweep(true)).toEqual([]);
    await world.sweep();
    expect(await isStored(old)).toBe(true);
  });

  it('keeps a blob that was named after the sweep had looked at all rows', async () => {
    const old = await oldOrphan();
    const look = await now();
    expect((await world.rows.referencedBlobs(WEEK_SECONDS)).has(old.sha256)).toBe(false);
    await jobWith(old);
    expect(await world.rows.removeUnreferenced([old.sha256], look, refuse)).toEqual([]);
  });

  it('lets a writer wait while it deletes, and the writer then finds the blob gone', async () => {
    const old = await oldOrphan();
    const order: string[] = [];
    let writer: Promise<unknown> = Promise.resolve();
    await world.rows.removeUnreferenced([old.sha256], await now(), async () => {
      writer = world.claims.claim([old]).then(async () => {
        order.push('claimed');
        return isStored(old);
      });
      await waitForBlockedClaim();
      await world.store.client.removeObject(world.store.bucket, blobKey(old.sha256));
      order.push('deleted');
    });
    expect(await writer).toBe(false);
    expect(order).toEqual(['deleted', 'claimed']);
  });

  it('keeps the claims and the blobs as they were when the store does not delete', async () => {
    const old = await oldOrphan();
    await expect(world.rows.removeUnreferenced([old.sha256], await now(), refuse)).rejects.toThrow('store is down');
    await world.claims.claim([old]);
    expect(await world.rows.claimedBlobs([old.sha256], WEEK_SECONDS)).toEqual(new Set([old.sha256]));
  });

  it('keeps the weights of a job that has just failed, and deletes them a week later', async () => {
    const weights = await oldOrphan();
    const job = await jobWith(weights);
    await world.sweep();
    await fail(job);
    await world.sweep();
    expect(await isStored(weights)).toBe(true);
    await world.aWeekPasses();
    await world.sweep();
    expect(await isStored(weights)).toBe(false);
  });

  it.each(['PRUNED', 'SUCCEEDED', 'CANCELLED'])(
    'keeps the checkpoint of a trial that waits, and what another task goes on from, until the trial is %s',
    async (state) => {
      const [made, given] = [await oldOrphan(), await world.objects.putBlob(Buffer.from('an earlier checkpoint'))];
      const job = await jobWith(await world.objects.putBlob(Buffer.from('weights')));
      const trial = newId('trl');
      await world.dataSource.query(
        `INSERT INTO trials (id, job_id, phase, method, generation, slot, origin, lr_multipliers, state)
         VALUES ($1, $2, 'SEARCH', 'BIOTUNE', 0, 0, 'ANCHOR', '{1}', 'RUNNING')`,
        [trial, job],
      );
      const [spec, result] = [{ train: { resumeFrom: given } }, { train: { checkpoint: made } }];
      await world.dataSource.query(`UPDATE tasks SET trial_id = $2, spec = $3, result = $4 WHERE scope = $1`, [
        job,
        trial,
        JSON.stringify(spec),
        JSON.stringify(result),
      ]);
      await world.aWeekPasses();
      await world.sweep();
      expect([await isStored(made), await isStored(given)]).toEqual([true, true]);
      await world.dataSource.query('UPDATE trials SET state = $2 WHERE id = $1', [trial, state]);
      await world.aWeekPasses();
      await world.sweep();
      expect([await isStored(made), await isStored(given)]).toEqual([false, false]);
    },
  );

  it('keeps what a failed job shares with another', async () => {
    const weights = await oldOrphan();
    await jobWith(weights);
    await fail(await jobWith(weights));
    await world.aWeekPasses();
    await world.sweep();
    expect(await isStored(weights)).toBe(true);
  });

  it('deletes uploads and unfinished ones of yesterday, not those of today', async () => {
    const { objects, store } = world;
    await objects.put(checkKey('crashed'), Buffer.from('x'), 'text/plain');
    await store.client.initiateNewMultipartUpload(store.bucket, 'blobs/a', {});
    await world.aWeekPasses();
    await objects.put(checkKey('running'), Buffer.from('x'), 'text/plain');
    await store.client.initiateNewMultipartUpload(store.bucket, 'blobs/b', {});
    expect((await world.sweep()).map(({ kind }) => kind)).toEqual(['UPLOAD', 'UNFINISHED_UPLOAD']);
    expect(await world.keys('uploads/')).toEqual([checkKey('running')]);
    expect((await world.unfinishedUploads()).map(({ key }) => key)).toEqual(['blobs/b']);
  });

  it('deletes files of a model version that does not exist', async () => {
    const folder = modelVersionPrefix('vision', 'flowers', 1);
    await world.objects.put(`${folder}weights/model.safetensors`, Buffer.from('x'), 'text/plain');
    await world.aWeekPasses();
    expect(await world.sweep()).toMatchObject([{ kind: 'MODEL_FILE' }]);
    expect(await world.keys(folder)).toEqual([]);
  });

  it('deletes nothing of a bucket in which another database has left its mark', async () => {
    const old = await oldOrphan();
    const stranger = ownerKey('1b4e28ba-2fa1-11d2-883f-0016d3cca427');
    await world.objects.put(stranger, Buffer.from(''), 'text/plain');
    await expect(world.sweep()).rejects.toThrow(`another database (s3://${world.store.bucket}/${stranger})`);
    expect(await isStored(old)).toBe(true);
  });

  it('deletes nothing of a bucket before its own mark is old enough for others to have left theirs', async () => {
    const { store, rows } = world;
    const old = await oldOrphan();
    await store.client.removeObject(store.bucket, ownerKey(await rows.databaseId()));
    await world.ownership.mark();
    expect(await world.sweep()).toEqual([]);
    expect(await isStored(old)).toBe(true);
  });

  it('is the turn of one coordinator, of another after a crash, and of none before the next is due', async () => {
    const { rows, dataSource } = world;
    const timePasses = () => dataSource.query(`UPDATE sweep_state SET due_time = now()`);
    const turns = await Promise.all([rows.takeTurn(900), rows.takeTurn(900), rows.takeTurn(900)]);
    const [crashed, ...others] = turns.filter((turn) => turn !== undefined);
    if (crashed === undefined) throw new Error('it is nobody’s turn');
    expect(others).toEqual([]);
    await timePasses();
    const next = await rows.takeTurn(900);
    expect(next?.epoch).toBe(crashed.epoch + 1);
    expect(await rows.pushDueTime(crashed, 900)).toBe(false);
    expect(await rows.pushDueTime(next ?? crashed, 3600)).toBe(true);
    expect(await rows.takeTurn(900)).toBeUndefined();
  });
});
