import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import type { TaskOutcome, TaskSpec } from '../../src/domain/task.js';
import { Database } from '../../src/storage/postgres/database.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue, type LeasedTask } from '../../src/tasks/task-queue.js';
import { createTestDatabase, taskQueue, type TestDatabase, noTransaction } from '../support/database.js';

const SCOPE = 'ds_x/versions/1';
const SPEC: TaskSpec = {
  import: { prefix: 'p', split: { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 } },
};
const FAULT: TaskOutcome = { fault: { reason: 'TRAINER_CRASHED', message: 'signal SIGKILL', metadata: {} } };
const OUTAGE: TaskOutcome = { fault: { reason: 'STORAGE_UNAVAILABLE', message: 'refused', metadata: {} } };
const INFEASIBLE: TaskOutcome = { infeasible: { reason: 'NAN_LOSS', message: 'epoch 1', metadata: {} } };

describe('the task queue', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let queue: TaskQueue;
  let tasks: TaskRepository;
  let leaderships: LeadershipRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 10 }).initialize();
    await migrate(dataSource);
    queue = taskQueue(dataSource);
    tasks = new TaskRepository(new Database(dataSource));
    leaderships = new LeadershipRepository(new Database(dataSource));
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE tasks, leaderships CASCADE');
    await leaderships.open(noTransaction(dataSource), SCOPE);
  });

  const insert = (...keys: string[]) =>
    tasks.insert(
      noTransaction(dataSource),
      keys.map((key) => ({ scope: SCOPE, key, spec: SPEC })),
    );
  const lease = async (worker = 'w'): Promise<LeasedTask> => {
    const task = await queue.lease(SCOPE, worker, 30);
    if (task === undefined) throw new Error('nothing to lease');
    return task;
  };
  const ref = ({ id, fence }: LeasedTask) => ({ scope: SCOPE, taskId: id, fence });
  const expire = () => dataSource.query(`UPDATE tasks SET lease_until = now() - interval '1 second'`);
  const makeReady = () => dataSource.query(`UPDATE tasks SET not_before = now()`);
  const row = async () => (await tasks.listByKeyPrefix(SCOPE, ''))[0];

  it('inserts a task once, whatever is repeated', async () => {
    await insert('a');
    await insert('a', 'b');
    expect((await tasks.listByKeyPrefix(SCOPE, '')).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('leases in the order of insertion', async () => {
    await insert('c', 'a', 'b');
    const leased = [await lease(), await lease(), await lease()].map(({ id }) => id);
    const rows = await tasks.listByKeyPrefix(SCOPE, '');
    expect(leased.map((id) => rows.find((each) => each.id === id)?.key)).toEqual(['c', 'a', 'b']);
  });

  it('gives each task to one of many workers that ask at once', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    await insert(...keys);
    const leases = await Promise.all(Array.from({ length: 30 }, (_, index) => queue.lease(SCOPE, `w${index}`, 30)));
    const ids = leases.flatMap((task) => (task === undefined ? [] : [task.id]));
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  it('shows a worker no task of another scope', async () => {
    await insert('a');
    expect(await queue.lease('ds_y/versions/1', 'w', 30)).toBeUndefined();
  });

  it('extends the lease of the current fence only', async () => {
    await insert('a');
    const stale = await lease('slow');
    await expire();
    await queue.reap(30);
    await makeReady();
    const current = await lease('fast');
    expect(current.fence).toBeGreaterThan(stale.fence);
    expect(await queue.heartbeat(ref(stale), 30)).toEqual({ leaseLost: true, cancel: false });
    expect(await queue.heartbeat(ref(current), 30)).toEqual({ leaseLost: false, cancel: false });
  });

  it('changes nothing for a stale completion, and answers a repeated one like the first', async () => {
    await insert('a');
    const stale = await lease();
    await expire();
    await queue.reap(30);
    await makeReady();
    const current = await lease();
    expect(await queue.complete(ref(stale), INFEASIBLE)).toBe(false);
    expect((await row())?.state).toBe('leased');
    expect(await queue.complete(ref(current), INFEASIBLE)).toBe(true);
    expect(await queue.complete(ref(current), INFEASIBLE)).toBe(true);
    expect((await row())?.failure).toMatchObject({ reason: 'NAN_LOSS' });
  });

  it('tries what ended its trainer three times, and holds it against the genome then', async () => {
    await insert('a');
    for (const expected of ['queued', 'queued', 'infeasible']) {
      await makeReady();
      await queue.complete(ref(await lease()), FAULT);
      expect((await row())?.state).toBe(expected);
    }
    expect((await row())?.failure).toMatchObject({ reason: 'POISON', metadata: { lastReason: 'TRAINER_CRASHED' } });
  });

  it('answers a repeat of the report that used up the tries like the first', async () => {
    await insert('a');
    for (const _ of [1, 2]) {
      await makeReady();
      await queue.complete(ref(await lease()), FAULT);
    }
    await makeReady();
    const last = await lease();
    expect([await queue.complete(ref(last), FAULT), await queue.complete(ref(last), FAULT)]).toEqual([true, true]);
    expect(await row()).toMatchObject({ state: 'infeasible', faults: 3 });
  });

  it('takes no verdict on the genome from a worker that met an outage', async () => {
    await insert('a');
    await queue.complete(ref(await lease()), {
      infeasible: { reason: 'STORAGE_UNAVAILABLE', message: 'refused', metadata: {} },
    });
    expect(await row()).toMatchObject({ state: 'queued', outages: 1 });
  });

  it('waits before a second try', async () => {
    await insert('a');
    await queue.complete(ref(await lease()), FAULT);
    expect(await queue.lease(SCOPE, 'w', 30)).toBeUndefined();
  });

  /** A coordinator takes over the scope, and stays. */
  const lead = async () => {
    await dataSource.query(`UPDATE leaderships SET epoch = epoch + 1, lease_until = now() + interval '25 seconds'`);
  };

  it('counts a lost lease when the coordinator was there, with the worker that was lost', async () => {
    await insert('a');
    await lead();
    await lease('w7');
    expect(await queue.reap(30)).toBe(0);
    await expire();
    expect(await queue.reap(30)).toBe(1);
    const failure = { reason: 'LEASE_LOST', metadata: { worker: 'w7' } };
    expect(await row()).toMatchObject({ state: 'queued', leaseLosses: 1, faults: 0, outages: 0, failure });
  });

  it.each([
    ['another has followed', lead],
    [
      'was seen last little later',
      () => dataSource.query(`UPDATE leaderships SET lease_until = now() + interval '15 seconds'`),
    ],
  ])('counts nothing when workers were lost with their coordinator, which %s', async (_, losing) => {
    await insert('a');
    await lead();
    await lease('w7');
    await losing();
    await expire();
    await queue.reap(30);
    const failure = { reason: 'COORDINATOR_LOST', metadata: { worker: 'w7' } };
    expect(await row()).toMatchObject({ state: 'queued', leaseLosses: 0, faults: 0, outages: 1, failure });
  });

  it('gives up a training that ten workers were lost with', async () => {
    await insert('a');
    await lead();
    for (let lost = 1; lost <= 10; lost += 1) {
      expect((await row())?.state).toBe('queued');
      await makeReady();
      await lease();
      await expire();
      await queue.reap(30);
    }
    expect(await row()).toMatchObject({
      state: 'infeasible',
      failure: { reason: 'POISON', metadata: { lastReason: 'LEASE_LOST', tryCount: '10' } },
    });
  });

  it('drops a report that comes after its lease was taken away, before anyone else has the task', async () => {
    await insert('a');
    const task = await lease();
    await expire();
    await queue.reap(30);
    expect(await queue.complete(ref(task), INFEASIBLE)).toBe(false);
    expect((await row())?.state).toBe('queued');
  });

  it.each(['STORAGE_UNAVAILABLE', 'SCRATCH_FULL', 'ARTIFACT_CORRUPT', 'INTERNAL'] as const)(
    'waits for the end of %s, however often it is met',
    async (reason) => {
      await insert('a');
      for (let outage = 0; outage < 40; outage += 1) {
        await makeReady();
        await queue.complete(ref(await lease()), { fault: { reason, message: 'away', metadata: {} } });
      }
      expect(await row()).toMatchObject({ state: 'queued', faults: 0, leaseLosses: 0, outages: 40 });
      expect(await tasks.outages([SCOPE])).toEqual([
        { scope: SCOPE, since: expect.any(Date), failure: { reason, message: 'away', metadata: {} } },
      ]);
    },
  );

  it('waits as long again as an outage has lasted, up to five minutes', async () => {
    const waits: number[] = [];
    for (const lasted of [0, 60, 3600]) {
      await dataSource.query('TRUNCATE tasks CASCADE');
      await insert('a');
      const task = await lease();
      await dataSource.query(`UPDATE tasks SET outage_since = now() - $1 * interval '1 second' WHERE $1 > 0`, [lasted]);
      await queue.complete(ref(task), OUTAGE);
      const [{ wait } = { wait: NaN }] = await dataSource.query<{ wait: number }[]>(
        'SELECT extract(epoch FROM not_before - now())::float8 AS wait FROM tasks',
      );
      waits.push(wait);
    }
    const [first = 0, second = 0, third = 0] = waits;
    expect(first).toBeLessThanOrEqual(2);
    expect(second).toBeGreaterThan(30);
    expect(second).toBeLessThan(90);
    expect(third).toBeLessThanOrEqual(300);
    expect(third).toBeGreaterThan(200);
  });

  it('says that an outage is over once its task gets on', async () => {
    await insert('a');
    await queue.complete(ref(await lease()), OUTAGE);
    await makeReady();
    const task = await lease();
    expect(await tasks.outages([SCOPE]), 'that it is tried again shows nothing').toHaveLength(1);
    await queue.reportMetrics(ref(task), [{ name: 'train_loss', epoch: 1, value: 0.5 }]);
    expect(await tasks.outages([SCOPE])).toEqual([]);
  });

  describe('is stalled', () => {
    const HOUR = 3600;
    const age = (column: string, hours: number, key: string) =>
      dataSource.query(`UPDATE tasks SET ${column} = ${column} - $1 * interval '1 hour' WHERE key = $2`, [hours, key]);

    beforeEach(async () => {
      await insert('a', 'b');
      await queue.complete(ref(await lease()), OUTAGE);
      await age('outage_since', 7, 'a');
    });

    it('when an outage has lasted for too long', async () => {
      expect(await tasks.stalled(SCOPE, 6 * HOUR)).toMatchObject({ failure: { reason: 'STORAGE_UNAVAILABLE' } });
      expect(await tasks.stalled(SCOPE, 8 * HOUR)).toBeUndefined();
    });

    it('unless another task is under way', async () => {
      await lease();
      expect(await tasks.stalled(SCOPE, 6 * HOUR)).toBeUndefined();
    });

    it('unless another task has ended since', async () => {
      await queue.complete(ref(await lease()), INFEASIBLE);
      expect(await tasks.stalled(SCOPE, 6 * HOUR)).toBeUndefined();
      await age('end_time', 7, 'b');
      expect(await tasks.stalled(SCOPE, 6 * HOUR)).toBeDefined();
    });

    it('no more after it was told to forget', async () => {
      await tasks.forgetOutages(noTransaction(dataSource), SCOPE);
      expect(await tasks.stalled(SCOPE, 0)).toBeUndefined();
    });
  });

  it('tells a worker to stop, and leases no more, once nobody wants the work', async () => {
    await insert('a', 'b');
    const task = await lease();
    await leaderships.close(noTransaction(dataSource), SCOPE);
    expect(await queue.heartbeat(ref(task), 30)).toEqual({ leaseLost: false, cancel: true });
    expect(await queue.lease(SCOPE, 'w', 30)).toBeUndefined();
    await queue.release(ref(task));
    expect((await row())?.state).toBe('cancelled');
  });

  it.each([
    ['a fault', (task: LeasedTask) => queue.complete(ref(task), FAULT)],
    [
      'a lost lease',
      async () => {
        await expire();
        await queue.reap(30);
      },
    ],
  ])('does not queue a task again after %s when nobody wants it', async (_, end) => {
    await insert('a');
    const task = await lease();
    await leaderships.close(noTransaction(dataSource), SCOPE);
    await end(task);
    expect((await row())?.state).toBe('cancelled');
  });

  it('gives a worker again what it holds, and to no other', async () => {
    await insert('a', 'b');
    const held = await lease('w1');
    expect(await queue.leaseAgain(SCOPE, 'w1', 30)).toEqual(held);
    expect(await queue.leaseAgain(SCOPE, 'w2', 30)).toBeUndefined();
    await queue.release(ref(held));
    expect(await queue.leaseAgain(SCOPE, 'w1', 30)).toBeUndefined();
  });

  it('gives a worker nothing again that nobody wants', async () => {
    await insert('a');
    await lease('w1');
    await leaderships.close(noTransaction(dataSource), SCOPE);
    expect(await queue.leaseAgain(SCOPE, 'w1', 30)).toBeUndefined();
  });

  it('does not count a release as a fault, and lets the task be leased at once', async () => {
    await insert('a');
    expect(await queue.release(ref(await lease()))).toBe(true);
    expect(await row()).toMatchObject({ state: 'queued', faults: 0, preemptions: 1 });
    expect((await lease()).id).toBe((await row())?.id);
  });

  it('stores a metric value once per lease, and none for a stale fence', async () => {
    await insert('a');
    const task = await lease();
    const values = [{ name: 'train_loss', epoch: 1, value: 0.5 }];
    expect(await queue.reportMetrics(ref(task), values)).toBe(true);
    expect(await queue.reportMetrics(ref(task), values)).toBe(true);
    expect(await queue.reportMetrics({ ...ref(task), fence: task.fence - 1 }, values)).toBe(false);
    expect(await dataSource.query('SELECT name, epoch, value FROM metric_points')).toEqual(values);
  });
});
