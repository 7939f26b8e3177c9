import { RUNTIME } from '../fixtures/runtime.js';
import { trainingProtocolSchema } from '../../src/domain/job/training-protocol.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import type { Runtime } from '../../src/domain/runtime.js';
import type { SoupSpec, TaskOutcome, TaskSpec, TrainSpec } from '../../src/domain/task.js';
import { Database } from '../../src/storage/postgres/database.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { TrialRepository } from '../../src/storage/postgres/trial.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue, type LeasedTask } from '../../src/tasks/task-queue.js';
import { createTestDatabase, taskQueue, type TestDatabase, noTransaction } from '../support/database.js';

const JOB = 'ftj_1';
const OTHER: Runtime = { ...RUNTIME, intraOpThreadCount: 4 };

const artifact = { sha256: 'ab'.repeat(32), sizeBytes: 1 };
const train: TrainSpec = {
  network: { architecture: 'n', weights: artifact, mean: [0, 0, 0], std: [1, 1, 1], imageSizePx: 8, classCount: 2 },
  pack: { manifest: artifact, shards: [{ ...artifact, split: 'train', imageCount: 1 }] },
  training: trainingProtocolSchema.parse({
    epochCount: 1,
    patienceEpochs: 1,
    cosineEpochCount: 1,
    batchSize: 2,
    frozenBatchNorm: 'EVAL',
    headInit: 'RANDOM',
  }),
  augmentation: 'NONE',
  lrMultipliers: [1],
  technique: { type: 'BLOCKS' },
  objective: { fitness: 'MACRO_ACCURACY', lossWeight: 0 },
  seed: 1,
  headSeed: 1,
  fold: 0,
  foldCount: 1,
  keepWeights: false,
  keepPredictions: false,
};

const soup: SoupSpec = {
  network: train.network,
  others: [artifact],
  pack: train.pack,
  fold: 0,
  foldCount: 1,
  objective: train.objective,
  batchSize: 2,
};

const trained = (runtime: Runtime): TaskOutcome => ({
  succeeded: {
    train: {
      bestEpoch: 1,
      stageBestEpochs: [1],
      epochCount: 1,
      validationLoss: 1,
      validationAccuracy: 0.5,
      validationMacroF1: 0.5,
      validationCalibrationError: 0.1,
      validationMacroAccuracy: 0.5,
      trainedParameterCount: 1,
      totalParameterCount: 1,
      trainSeconds: 1,
      multiplyAccumulates: 1,
      runtime,
    },
  },
});

describe('the runtime of a job', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let queue: TaskQueue;
  let tasks: TaskRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 10 }).initialize();
    await migrate(dataSource);
    queue = taskQueue(dataSource);
    tasks = new TaskRepository(new Database(dataSource));
    await dataSource.query(`INSERT INTO datasets (id, project, display_name) VALUES ('d', 'p', 'd')`);
    await dataSource.query(
      `INSERT INTO dataset_versions (dataset_id, number, project, source_uri, split) VALUES ('d', 1, 'p', 's3://b/p', '{}')`,
    );
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE tasks, leaderships, fine_tune_jobs CASCADE');
    await dataSource.query(
      `INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version, state)
       VALUES ($1, 'p', 'd', 1, '{"reproducibility": "BITWISE"}', 1, 'RUNNING')`,
      [JOB],
    );
    await new LeadershipRepository(new Database(dataSource)).open(noTransaction(dataSource), JOB);
    const spec: TaskSpec = { train };
    const keys = ['a', 'b', 'c'];
    await tasks.insert(
      noTransaction(dataSource),
      keys.map((key, seed) => ({ scope: JOB, key, seed, spec })),
    );
  });

  const lease = async (): Promise<LeasedTask> => {
    const task = await queue.lease(JOB, 'w', 30);
    if (task === undefined) throw new Error('nothing to lease');
    return task;
  };
  const complete = ({ id, fence }: LeasedTask, runtime: Runtime) =>
    queue.complete({ scope: JOB, taskId: id, fence }, trained(runtime));
  const runtimeOfJob = async () => {
    const rows = await dataSource.query<{ runtime: Runtime | null }[]>('SELECT runtime FROM fine_tune_jobs');
    return rows[0]?.runtime;
  };
  const rowOf = async ({ id }: LeasedTask) => (await tasks.listByKeyPrefix(JOB, '')).find((task) => task.id === id);

  it('is fixed by the first training that completes, and told with every lease from then on', async () => {
    const first = await lease();
    expect(first.spec).toEqual({ train });
    expect(await complete(first, RUNTIME)).toBe(true);
    expect(await runtimeOfJob()).toEqual(RUNTIME);
    expect((await lease()).spec).toEqual({ train: { ...train, runtime: RUNTIME } });
  });

  it('takes results that ran the same', async () => {
    const [first, second] = [await lease(), await lease()];
    await complete(first, RUNTIME);
    await complete(second, RUNTIME);
    expect((await rowOf(second))?.state).toBe('succeeded');
  });

  it('is not that of a result that ran otherwise, of which no figure is kept', async () => {
    const [first, second] = [await lease(), await lease()];
    await complete(first, RUNTIME);
    expect(await complete(second, OTHER)).toBe(true);
    const row = await rowOf(second);
    expect(row).toMatchObject({ state: 'queued', outages: 1, failure: { reason: 'RUNTIME_MISMATCH' } });
    expect(row?.failure?.metadata).toEqual({ intraOpThreadCount: '4', intraOpThreadCountOfJob: '8' });
    expect(row?.result).toBeUndefined();
    expect(await complete(second, OTHER), 'a repeat').toBe(true);
    expect((await rowOf(second))?.outages).toBe(1);
  });

  it('is one of two that complete at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      await dataSource.query(`UPDATE fine_tune_jobs SET runtime = NULL`);
      await dataSource.query(`UPDATE tasks SET state = 'queued', faults = 0, not_before = now(), result = NULL`);
      const tasks = [await lease(), await lease()] as const;
      await Promise.all([complete(tasks[0], RUNTIME), complete(tasks[1], OTHER)]);
      const states = await Promise.all(tasks.map(async (task) => (await rowOf(task))?.state));
      expect(states.sort()).toEqual(['queued', 'succeeded']);
      const winner = (await rowOf(tasks[0]))?.state === 'succeeded' ? RUNTIME : OTHER;
      expect(await runtimeOfJob()).toEqual(winner);
    }
  });

  it('of a job that is RECORDED is not fixed: each training may run otherwise, and is counted by what it ran on', async () => {
    await dataSource.query(`UPDATE fine_tune_jobs SET spec = '{"reproducibility": "RECORDED"}'`);
    for (const runtime of [OTHER, RUNTIME, RUNTIME]) {
      const task = await lease();
      expect(task.spec).toEqual({ train });
      expect(await complete(task, runtime)).toBe(true);
      expect(await rowOf(task)).toMatchObject({ state: 'succeeded', result: { train: { runtime } } });
    }
    expect(await runtimeOfJob()).toBeNull();
    expect(await new TrialRepository(new Database(dataSource)).runtimes(JOB)).toEqual([
      { runtime: RUNTIME, trainingCount: 2 },
      { runtime: OTHER, trainingCount: 1 },
    ]);
  });

  it.each<[string, TaskSpec]>([
    ['scores a model', { score: { network: train.network, pack: train.pack } }],
    ['makes a soup', { soup }],
  ])('is told to whoever %s, too', async (_, spec) => {
    await complete(await lease(), RUNTIME);
    await dataSource.query(`DELETE FROM tasks WHERE state = 'queued'`);
    await tasks.insert(noTransaction(dataSource), [{ scope: JOB, key: 'after-training', spec }]);
    const [[kind, content = {}] = []] = Object.entries(spec);
    expect((await lease()).spec).toEqual({ [kind ?? '']: { ...content, runtime: RUNTIME } });
  });

  it('is not touched by a stale result', async () => {
    const stale = await lease();
    await dataSource.query(`UPDATE tasks SET lease_until = now() - interval '1 second' WHERE state = 'leased'`);
    await queue.reap(30);
    expect(await complete(stale, OTHER)).toBe(false);
    expect(await runtimeOfJob()).toBeNull();
  });

  it('is not asked of a job that has ended without one', async () => {
    const late = await lease();
    await dataSource.query(`UPDATE fine_tune_jobs SET state = 'FAILED'`);
    expect(await complete(late, RUNTIME)).toBe(true);
    expect(await runtimeOfJob()).toBeNull();
  });
});
