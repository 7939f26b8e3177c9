import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BusyStore } from '../support/busy-store.js';
import { createTestBucket } from '../support/object-store.js';
import { JobHarness, type Led, type MadeUp } from './job-harness.js';

let store: BusyStore;
let jobs: JobHarness;

beforeAll(async () => {
  store = new BusyStore(inject('services').s3.endpoint);
  jobs = await JobHarness.start({ s3Endpoint: await store.start() });
});

afterAll(async () => {
  await jobs.stop();
  store.stop();
});

const biotune = { populationSize: 4, eliteCount: 1, generationCount: 1 };
const request = { search: { seed: 3, biotune }, evaluation: { seedCount: 2 }, baselines: ['LINEAR_PROBE'] };

const good: MadeUp = ({ lrMultipliers, seed }) => {
  const sum = lrMultipliers.reduce((total, factor) => total + factor, 0);
  return { validation: 0.5 + 0.01 * (sum % 7) + (seed % 3) / 1000, test: 0.5 };
};

const started = async () => {
  const { id } = await jobs.create(request);
  const led = await jobs.lead(id);
  while ((await jobs.tasks(id)).length === 0) await led.runner.advance(led.leadership);
  return { id, ...led };
};

const finish = async (id: string, { leadership, runner }: Led) => {
  while ((await runner.advance(leadership)).next !== 'ENDED') while (await jobs.work(id, good));
  return jobs.get(id);
};

const genomes = async (id: string) =>
  (await jobs.trials(id)).map(({ phase, method, generation, slot, lrMultipliers, fitness }) => [
    [phase, method, generation, slot],
    lrMultipliers,
    fitness,
  ]);

describe('what the infrastructure does', () => {
  it.each(['STORAGE_UNAVAILABLE', 'SCRATCH_FULL', 'COORDINATOR_LOST', 'INTERNAL'] as const)(
    'changes nothing about a job, however often: %s',
    async (reason) => {
      const undisturbed = await jobs.run(request, good);
      const tries = new Map<string, number>();
      const troubled: MadeUp = (spec) => {
        const key = JSON.stringify(spec);
        tries.set(key, 1 + (tries.get(key) ?? 0));
        return (tries.get(key) ?? 0) <= 4 ? reason : good(spec);
      };
      const job = await jobs.run(request, troubled);
      expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED', conditions: [] });
      expect(await genomes(job.id)).toEqual(await genomes(undisturbed.id));
    },
  );

  it('shows in the conditions of the job, until it is over', async () => {
    const { id, ...led } = await started();
    while (await jobs.work(id, () => 'SCRATCH_FULL'));
    expect((await jobs.get(id)).conditions).toEqual([
      {
        type: 'Degraded',
        status: 'True',
        reason: 'ScratchFull',
        message: 'made up',
        lastTransitionTime: expect.any(String),
      },
    ]);
    expect((await jobs.events(id)).at(-1)).toMatchObject({
      type: 'TASK_REQUEUED',
      payload: { reason: 'SCRATCH_FULL' },
    });
    await jobs.sql(`UPDATE tasks SET not_before = now() WHERE scope = '${id}'`);
    expect((await finish(id, led)).conditions).toEqual([]);
  });

  it('shows in the conditions of a job that waits for the import of its images', async () => {
    const { client, bucket } = await createTestBucket();
    for (const key of ['raw/bag/1.png', 'raw/hat/1.png']) await client.putObject(bucket, key, Buffer.from('pixels'));
    const { id, conditions } = await jobs.create({ dataset: `s3://${bucket}/raw` });
    expect(conditions).toEqual([]);
    await jobs.sql(
      `INSERT INTO tasks (id, scope, key, kind, spec, outage_since, failure)
       SELECT 'tsk_import', dataset_id || '/versions/' || dataset_version, 'import', 'IMPORT', '{}', now(),
              '{"reason": "STORAGE_UNAVAILABLE", "message": "away", "metadata": {}}' FROM fine_tune_jobs WHERE id = '${id}'`,
    );
    const condition = { type: 'Degraded', reason: 'StorageUnavailable', message: 'away' };
    expect(await jobs.get(id)).toMatchObject({ state: 'VALIDATING', conditions: [condition] });
  });

  it('pauses a job that it has kept from all progress for hours, and the job goes on when someone says so', async () => {
    const undisturbed = await jobs.run(request, good);
    const { id, leadership, runner } = await started();
    while (await jobs.work(id, () => 'STORAGE_UNAVAILABLE'));
    await runner.advance(leadership);
    expect((await jobs.get(id)).state, 'not yet').toBe('RUNNING');
    await jobs.sql(`UPDATE tasks SET outage_since = outage_since - interval '7 hours' WHERE scope = '${id}'`);
    while ((await runner.advance(leadership)).next !== 'ENDED');
    const paused = await jobs.get(id);
    expect(paused).toMatchObject({
      state: 'PAUSED',
      conditions: [
        { type: 'Degraded', reason: 'StorageUnavailable' },
        { type: 'Paused', reason: 'NoProgress' },
      ],
    });
    expect(paused.conditions[1]?.message).toContain('No progress for 6 hours (STORAGE_UNAVAILABLE: made up)');
    expect((await jobs.resume(id)).conditions).toEqual([]);
    expect((await finish(id, await jobs.lead(id))).state).toBe('SUCCEEDED');
    expect(await genomes(id)).toEqual(await genomes(undisturbed.id));
  });

  it('does not pause a job of which anything gets on', async () => {
    const { id, leadership, runner } = await started();
    await jobs.work(id, () => 'STORAGE_UNAVAILABLE');
    await jobs.sql(`UPDATE tasks SET outage_since = outage_since - interval '7 hours' WHERE scope = '${id}'`);
    await jobs.work(id, good);
    await runner.advance(leadership);
    expect((await jobs.get(id)).state).toBe('RUNNING');
  });

  it('is told of, and waited for, when the store refuses the coordinator itself', async () => {
    const { id, leadership, runner } = await started();
    while ((await jobs.get(id)).progress.phase !== 'PUBLISHING') {
      await runner.advance(leadership);
      while (await jobs.work(id, good));
    }
    store.busyness = 'BARE_503';
    await expect(runner.advance(leadership)).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
    const job = await jobs.get(id);
    expect(job).toMatchObject({ state: 'RUNNING', conditions: [{ type: 'Degraded', reason: 'StorageUnavailable' }] });
    await jobs.sql(`UPDATE fine_tune_jobs SET outage_since = now() - interval '7 hours' WHERE id = '${id}'`);
    while ((await runner.advance(leadership)).next !== 'ENDED');
    expect((await jobs.get(id)).state).toBe('PAUSED');
    store.busyness = undefined;
    await jobs.resume(id);
    expect(await finish(id, await jobs.lead(id))).toMatchObject({ state: 'SUCCEEDED', conditions: [] });
  });
});

describe('a genome that cannot be trained', () => {
  it.each([
    ['TRAINER_CRASHED', 'POISON', 3],
    ['OUT_OF_MEMORY', 'OUT_OF_MEMORY', 2],
    ['LEASE_LOST', 'POISON', 10],
    ['NAN_LOSS', 'NAN_LOSS', 1],
  ] as const)('has the worst fitness after %s, and the search goes on', async (reason, infeasibleReason, tryCount) => {
    let poison: string | undefined;
    let tries = 0;
    const job = await jobs.run(request, (spec) => {
      const training = JSON.stringify([spec.lrMultipliers, spec.fold, spec.seed]);
      if (spec.foldCount > 1) poison ??= training;
      if (training !== poison) return good(spec);
      tries += 1;
      return reason;
    });
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED' });
    const infeasible = (await jobs.trials(job.id)).filter(({ state }) => state === 'INFEASIBLE');
    expect(infeasible[0]).toMatchObject({ infeasibleReason, fitness: 1 });
    expect(tries / infeasible.length).toBe(tryCount);
    const types = (await jobs.events(job.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'TASK_FAILED')).toHaveLength(tryCount === 1 ? 0 : infeasible.length);
  });

  it('ends a search of which most is such, with a count of each reason', async () => {
    const job = await jobs.run({ ...request, baselines: [] }, ({ lrMultipliers }) =>
      (lrMultipliers[0] ?? 0) > 1 ? 'OUT_OF_MEMORY' : 'TRAINER_CRASHED',
    );
    expect(job).toMatchObject({ state: 'FAILED', error: { reason: 'SEARCH_SPACE_INFEASIBLE' } });
    expect(job.error?.message).toMatch(/of 4 trials of generation 0 cannot be trained \(.*(POISON|OUT_OF_MEMORY): \d/);
  });

  it('leaves its baseline out, with a warning that says why', async () => {
    const job = await jobs.run(request, (spec) =>
      spec.technique.type === 'LINEAR_PROBE' ? 'TRAINER_CRASHED' : good(spec),
    );
    expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE']);
    expect(job.result?.warnings).toContainEqual(expect.stringMatching(/^LINEAR_PROBE is missing.*POISON/));
  });

  it('leaves the search out when that cannot be trained on all the data, and delivers a baseline', async () => {
    const job = await jobs.run(request, (spec) =>
      spec.technique.type === 'BLOCKS' && spec.foldCount === 1 ? 'OUT_OF_MEMORY' : good(spec),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { method: 'LINEAR_PROBE' } });
    expect(job.result?.warnings).toContainEqual(expect.stringMatching(/^BIOTUNE is missing.*OUT_OF_MEMORY/));
  });

  it('leaves out a method whose model cannot be scored', async () => {
    const job = await jobs.run(request, (spec) =>
      spec.technique.type === 'LINEAR_PROBE' ? { validation: 0.9, test: 'TRAINER_CRASHED' } : good(spec),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { method: 'BIOTUNE' } });
    expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE']);
    expect(job.result?.warnings).toContainEqual(expect.stringMatching(/^LINEAR_PROBE is missing.*POISON/));
  });
});

it('fails a job whose data is not what was imported, and invents no fitness of it', async () => {
  const job = await jobs.run(request, () => 'DATASET_CHANGED');
  expect(job).toMatchObject({ state: 'FAILED', error: { reason: 'DATASET_CHANGED' } });
  expect((await jobs.trials(job.id)).filter(({ fitness }) => fitness !== undefined)).toEqual([]);
});
