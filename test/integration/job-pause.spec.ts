import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import { JobHarness, type Led, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

const request = {
  search: { seed: 3, biotune: { populationSize: 4, eliteCount: 1, generationCount: 1 } },
  evaluation: { seedCount: 2 },
  baselines: ['LINEAR_PROBE'],
};

const madeUp: MadeUp = ({ lrMultipliers, seed }) => {
  const sum = lrMultipliers.reduce((total, factor) => total + factor, 0);
  return { validation: 0.5 + 0.01 * (sum % 7) + (seed % 3) / 1000, test: 0.5 };
};

/** A job in the middle of its search, with a leader. */
async function started(): Promise<{ id: string } & Led> {
  const { id } = await jobs.create(request);
  const led = await jobs.lead(id);
  while ((await jobs.tasks(id)).length === 0) await led.runner.advance(led.leadership);
  return { id, ...led };
}

async function parked(): Promise<string> {
  const { id, leadership, runner } = await started();
  await jobs.work(id, madeUp);
  await jobs.pause(id);
  while ((await runner.advance(leadership)).next !== 'ENDED');
  return id;
}

async function finished(id: string): Promise<FineTuneJob> {
  const { leadership, runner } = await jobs.lead(id);
  while ((await runner.advance(leadership)).next !== 'ENDED') while (await jobs.work(id, madeUp));
  return jobs.get(id);
}

const genomes = async (id: string) =>
  (await jobs.trials(id)).map(({ phase, method, generation, slot, lrMultipliers, fitness }) => [
    [phase, method, generation, slot],
    lrMultipliers,
    fitness,
  ]);

describe('a pause', () => {
  it('leases nothing more, and takes back what runs, at no fault', async () => {
    const { id, leadership, runner } = await started();
    const held = await jobs.lease(id);
    expect((await jobs.pause(id)).state).toBe('PAUSING');
    expect(await jobs.work(id, madeUp)).toBe(false);
    expect(await jobs.heartbeat(held)).toEqual({ leaseLost: false, cancel: true });
    expect((await runner.advance(leadership)).next, 'while a worker holds a task').toBe('WAIT');
    await jobs.release(held);
    expect((await runner.advance(leadership)).next).toBe('ENDED');
    const job = await jobs.get(id);
    expect(job).toMatchObject({ state: 'PAUSED', done: false, conditions: [{ type: 'Paused', reason: 'Requested' }] });
    const task = (await jobs.tasks(id)).find((each) => each.id === held.taskId);
    expect(task).toMatchObject({ state: 'queued', faults: 0, outages: 0, preemptions: 1 });
  });

  it('is led by nobody until it is over', async () => {
    const id = await parked();
    await expect(jobs.lead(id)).rejects.toThrow('nobody may lead');
    await jobs.resume(id);
    expect((await jobs.lead(id)).leadership.scope).toBe(id);
  });

  it('takes the result of a training that ends while it begins', async () => {
    const { id } = await started();
    const { complete } = await jobs.begin(id, madeUp);
    await jobs.pause(id);
    expect(await complete()).toBe(true);
    expect((await jobs.tasks(id)).filter(({ state }) => state === 'succeeded')).toHaveLength(1);
  });

  it('changes no genome and no fitness', async () => {
    const undisturbed = await jobs.run(request, madeUp);
    const id = await parked();
    await jobs.resume(id);
    const job = await finished(id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED', conditions: [] });
    expect(await genomes(id)).toEqual(await genomes(undisturbed.id));
  });

  it('is repeated without effect, and so is its end', async () => {
    const id = await parked();
    expect(await jobs.pause(id)).toEqual(await jobs.get(id));
    const resumed = await jobs.resume(id);
    expect(resumed.state).toBe('QUEUED');
    expect((await jobs.resume(id)).state).toBe('QUEUED');
    const types = (await jobs.events(id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'PAUSE_REQUESTED' || type === 'RESUME_REQUESTED')).toEqual([
      'PAUSE_REQUESTED',
      'RESUME_REQUESTED',
    ]);
  });

  it('in the middle of a step is no fault of the coordinator', async () => {
    const { id, leadership, runner } = await started();
    while ((await jobs.get(id)).progress.phase !== 'SCORING') {
      await runner.advance(leadership);
      while (await jobs.work(id, madeUp));
    }
    const { next } = await jobs.stepAfter(() => jobs.pause(id), { leadership, runner });
    expect(next).toBe('WAIT');
    expect((await jobs.get(id)).conditions.map(({ type }) => type)).toEqual(['Paused']);
  });

  it('can be ended by a cancel', async () => {
    const id = await parked();
    expect((await jobs.cancel(id)).state).toBe('CANCELLING');
    expect((await finished(id)).state).toBe('CANCELLED');
  });

  it('of a job that waits in the queue comes at once', async () => {
    const { id } = await jobs.create(request);
    const { leadership, runner } = await jobs.lead(id);
    await runner.advance(leadership);
    expect((await jobs.pause(id)).state).toBe('PAUSED');
    expect((await runner.advance(leadership)).next).toBe('ENDED');
    await jobs.resume(id);
    expect((await finished(id)).state).toBe('SUCCEEDED');
  });

  it('is refused to a job that has no tasks yet, and to one that has ended', async () => {
    const { id } = await jobs.create(request);
    await expect(jobs.pause(id)).rejects.toMatchObject({
      reason: 'JOB_NOT_PAUSABLE',
      metadata: { state: 'VALIDATING' },
    });
    await expect(jobs.resume(id)).rejects.toMatchObject({ reason: 'JOB_NOT_RESUMABLE' });
    await jobs.cancel(id);
    expect((await finished(id)).state).toBe('CANCELLED');
    await expect(jobs.pause(id)).rejects.toMatchObject({ reason: 'JOB_NOT_PAUSABLE' });
    await expect(jobs.resume(id)).rejects.toMatchObject({ reason: 'JOB_NOT_RESUMABLE' });
  });

  it('is over for good also when the coordinator is about to park the job', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id } = await jobs.create(request);
      const { leadership, runner } = await jobs.lead(id);
      await runner.advance(leadership);
      await jobs.pause(id);
      const parking = runner.advance(leadership).catch(() => undefined);
      await Promise.all([parking, jobs.resume(id)]);
      const [row] = await jobs.sql(`SELECT scope FROM leaderships WHERE scope = '${id}' AND lease_until < 'infinity'`);
      expect(row, 'a coordinator can lead it').toBeDefined();
    }
  });
});

describe('the wall budget', () => {
  const clock = async (id: string) => {
    const [row] = await jobs.sql<{ seconds: number; since: Date | null }>(
      `SELECT active_seconds AS seconds, active_since AS since FROM fine_tune_jobs WHERE id = '${id}'`,
    );
    return row;
  };

  it('begins with the lease of the first task, not in the queue', async () => {
    const { id } = await started();
    expect(await clock(id)).toEqual({ seconds: 0, since: null });
    await jobs.lease(id);
    expect(await clock(id)).toEqual({ seconds: 0, since: expect.any(Date) });
  });

  it('does not run while the job is paused', async () => {
    const { id, leadership, runner } = await started();
    await jobs.work(id, madeUp);
    await jobs.sql(`UPDATE fine_tune_jobs SET active_since = now() - interval '100 seconds' WHERE id = '${id}'`);
    await jobs.pause(id);
    while ((await runner.advance(leadership)).next !== 'ENDED');
    const paused = await clock(id);
    expect(paused?.since).toBeNull();
    expect(paused?.seconds).toBeGreaterThanOrEqual(100);
    expect(paused?.seconds).toBeLessThan(200);
    await jobs.resume(id);
    const led = await jobs.lead(id);
    await led.runner.advance(led.leadership);
    expect((await clock(id))?.since, 'nor in the queue afterwards').toBeNull();
    await jobs.lease(id);
    expect((await clock(id))?.since).toEqual(expect.any(Date));
  });
});
