import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import { querySql } from '../support/database.js';
import {
  createJob,
  listTrials,
  smallJob,
  startService,
  uploadFashion,
  waitForJob,
  type RunningService,
} from '../support/running-service.js';

const CLASSES = ['bag', 'sneaker', 'trouser'];

/** What a search came to, without the ids and times of one run. */
async function outcome(service: RunningService, id: string) {
  const trials = await listTrials(service, id);
  return trials.map(({ phase, generation, slot, origin, genome, fold, fitness, lrMultipliers }) => ({
    place: `${phase} ${generation}/${slot}`,
    origin,
    genome,
    fold,
    fitness,
    lrMultipliers,
  }));
}

const isSearching = ({ progress }: FineTuneJob) => progress.completedTrialCount >= 2 && progress.runningTrialCount > 0;

/** Waits until a worker has taken a task of the job with a later fence than `fence`, and gives that. */
async function nextFence({ databaseUrl }: RunningService, scope: string, fence: number): Promise<number> {
  for (;;) {
    const [row] = await querySql<{ fence: string }>(
      databaseUrl,
      `SELECT fence FROM tasks WHERE scope = '${scope}' AND state = 'leased' ORDER BY fence DESC LIMIT 1`,
    );
    if (Number(row?.fence ?? 0) > fence) return Number(row?.fence);
    await sleep(50);
  }
}

/** Kills a worker that holds a task, and another one if that has just handed in its result. */
async function killAtWork({ databaseUrl }: RunningService, scope: string): Promise<void> {
  const held = (condition: string) =>
    querySql<{ id: string; lease_owner: string }>(
      databaseUrl,
      `SELECT id, lease_owner FROM tasks WHERE scope = '${scope}' AND state = 'leased' AND ${condition} LIMIT 1`,
    );
  for (;;) {
    const [task] = await held('true');
    if (task === undefined) continue;
    process.kill(Number(task.lease_owner.split('-').at(-1)), 'SIGKILL');
    if ((await held(`id = '${task.id}' AND lease_owner = '${task.lease_owner}'`)).length > 0) return;
  }
}

describe('a job whose processes are killed in the middle of its search', () => {
  let service: RunningService;
  let dataset: string;
  let undisturbed: Awaited<ReturnType<typeof outcome>>;

  beforeAll(async () => {
    service = await startService();
    dataset = await uploadFashion(CLASSES, 30);
    const { id } = await createJob(service, smallJob(dataset));
    await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED', 300);
    undisturbed = await outcome(service, id);
  }, 400_000);

  afterAll(() => service.stop());

  it('has a search to compare with', () => {
    expect(undisturbed.filter(({ place }) => place.startsWith('SEARCH'))).toHaveLength(9);
    expect(undisturbed.every(({ fitness }) => fitness !== undefined)).toBe(true);
  });

  it('ends with the same genomes and fitness after kill -9 of the coordinator', async () => {
    const { id } = await createJob(service, smallJob(dataset));
    await waitForJob(service, id, isSearching);
    await service.coordinator.kill('SIGKILL');
    service.coordinator = await service.startCoordinator();
    await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED');
    expect(await outcome(service, id)).toEqual(undisturbed);
  });

  it('ends with the same genomes and fitness however often the coordinator is killed', async () => {
    const { id } = await createJob(service, smallJob(dataset));
    let fence = 0;
    for (let kills = 0; kills < 4; kills += 1) {
      fence = await nextFence(service, id, fence);
      await service.coordinator.kill('SIGKILL');
      service.coordinator = await service.startCoordinator();
    }
    const { error, stopReason } = await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED', 300);
    expect({ error, stopReason }).toEqual({ error: undefined, stopReason: 'COMPLETED' });
    expect(await outcome(service, id)).toEqual(undisturbed);
    const losses = await querySql<{ faults: number; losses: number; outages: number }>(
      service.databaseUrl,
      `SELECT max(faults) AS faults, max(lease_losses) AS losses, max(outages) AS outages FROM tasks WHERE scope = '${id}'`,
    );
    expect(losses).toEqual([{ faults: 0, losses: 0, outages: expect.any(Number) }]);
    expect(losses[0]?.outages).toBeGreaterThan(0);
  }, 500_000);

  it('ends with the same finals after kill -9 of the coordinator in the middle of them', async () => {
    const { id } = await createJob(service, smallJob(dataset));
    await waitForJob(service, id, ({ progress }) => progress.phase === 'FINALS');
    await service.coordinator.kill('SIGKILL');
    service.coordinator = await service.startCoordinator();
    const job = await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED');
    expect(await outcome(service, id)).toEqual(undisturbed);
    expect(job.result?.modelVersion).toContain('/versions/1');
  });

  it('ends with the same genomes and fitness after kill -9 of a worker', async () => {
    const { id } = await createJob(service, smallJob(dataset));
    await waitForJob(service, id, isSearching);
    await killAtWork(service, id);
    await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED');
    expect(await outcome(service, id)).toEqual(undisturbed);
    expect(service.coordinator.logs()).toContain('leases lost');
  });

  // Last: jobs that start after it run with other threads.
  it('keeps its thread count under a coordinator that would share the cores out otherwise', async () => {
    const { id } = await createJob(service, { ...smallJob(dataset), reproducibility: 'BITWISE' });
    const before = await waitForJob(service, id, isSearching);
    await service.coordinator.kill('SIGKILL');
    service.coordinator = await service.startCoordinator({ POOL_WORKER_COUNT_MAX: '1' });
    const after = await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED');
    expect(before.runtime?.intraOpThreadCount).toBe(Math.max(1, Math.floor(availableParallelism() / 2)));
    expect(after.runtime).toEqual(before.runtime);
    expect(await outcome(service, id)).toEqual(undisturbed);
  });
});
