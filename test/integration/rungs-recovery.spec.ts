import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { querySql } from '../support/database.js';
import {
  createJob,
  listTrials,
  type RunningService,
  smallJob,
  startService,
  uploadFashion,
  waitForJob,
} from '../support/running-service.js';

const CLASSES = ['bag', 'sneaker', 'trouser'];
const SECONDS_MAX = 500;

const raceJob = (dataset: string) => ({
  ...smallJob(dataset),
  training: { epochCount: 6, stepCountMin: 0, batchSize: 16 },
  baselines: [],
  finals: { finalistCount: 1, seedCount: 1 },
  search: { seed: 7, biotune: { mode: 'ACCELERATED', populationSize: 6, eliteCount: 3, generationCount: 1 } },
});

/** What the search of a job came to, without the ids and times of one run. */
async function outcome(service: RunningService, id: string) {
  const trials = await listTrials(service, id);
  return trials
    .filter(({ phase }) => phase === 'SEARCH')
    .map(({ generation, slot, lrMultipliers, state, pruning, fitness, cost: { trainSeconds: _time, ...cost } }) => {
      return { generation, slot, lrMultipliers, state, pruning, fitness, cost };
    });
}

/** Waits until a trial of the job has gone on from its rung. */
async function someoneGoesOn({ databaseUrl }: RunningService, id: string): Promise<void> {
  const goneOn = `SELECT FROM tasks WHERE scope = '${id}' AND key LIKE 'search/BIOTUNE/%/part-1'`;
  while ((await querySql(databaseUrl, goneOn)).length === 0) await sleep(20);
}

describe('a job whose candidates race, on real processes', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await startService();
  });

  afterAll(() => service.stop());

  it('drops some, and comes to the same when its coordinator is killed as the others go on', async () => {
    const dataset = await uploadFashion(CLASSES, 30);
    const calm = await createJob(service, raceJob(dataset));
    const done = await waitForJob(service, calm.id, ({ state }) => state === 'SUCCEEDED', SECONDS_MAX);
    const undisturbed = await outcome(service, calm.id);
    expect(undisturbed).toHaveLength(9);
    const pruned = undisturbed.filter(({ state }) => state === 'PRUNED');
    expect(pruned.length).toBeGreaterThan(0);
    expect(done.result?.rungs).toMatchObject([{ epochCount: 3, trialCount: 9, droppedCount: pruned.length }]);

    const { id } = await createJob(service, raceJob(dataset));
    await someoneGoesOn(service, id);
    await service.coordinator.kill('SIGKILL');
    service.coordinator = await service.startCoordinator();
    await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED', SECONDS_MAX);
    expect(await outcome(service, id)).toEqual(undisturbed);
  });
});
