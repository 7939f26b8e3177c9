import { afterAll, beforeAll, expect, it } from 'vitest';
import { countQueries } from '../support/query-counter.js';
import { JobHarness, type MadeUp } from './job-harness.js';

const TRIAL_COUNT = 20_000;

/** A figure for each candidate. */
const smooth: MadeUp = ({ lrMultipliers }) => {
  const validation = 0.5 + (lrMultipliers[0] ?? 0) / 100;
  return { validation, test: validation };
};

let jobs: JobHarness;
let led: Awaited<ReturnType<JobHarness['lead']>>;
let id: string;

/** One job with as many candidates as a job may have, all planned and none trained. */
beforeAll(async () => {
  jobs = await JobHarness.start();
  const job = await jobs.create({
    search: { type: 'NONE', biotune: { populationSize: 200, eliteCount: 1, generationCount: 100 } },
    evaluation: { seedCount: 1 },
    baselines: ['RANDOM_SEARCH'],
    budget: { trialCountMax: TRIAL_COUNT },
  });
  ({ id } = job);
  led = await jobs.lead(id);
  await step();
  await step();
}, 300_000);

afterAll(() => jobs.stop());

const step = () => led.runner.advance(led.leadership);

it('plans 20,000 trials in pieces, with a number of statements that grows with the pieces', async () => {
  const { queryCount } = await countQueries(step);
  expect(queryCount).toBeLessThan(20 * (TRIAL_COUNT / 500));
  const { progress } = await jobs.get(id);
  expect(progress.trialCount).toBe(TRIAL_COUNT);
}, 300_000);

it('asks one thing while nothing has changed', async () => {
  await step();
  for (let idle = 0; idle < 5; idle += 1) {
    expect(await countQueries(step)).toEqual({ queryCount: 1, rowCount: 1 });
  }
});

it('reads what has ended, not all trials', async () => {
  // The first training of a job changes its row: it fixes the runtime.
  expect(await jobs.work(id, smooth)).toBe(true);
  await step();
  await step();
  expect(await jobs.work(id, smooth)).toBe(true);
  const { queryCount, rowCount } = await countQueries(step);
  expect(queryCount).toBeLessThan(20);
  expect(rowCount).toBeLessThan(20);
  expect((await jobs.get(id)).progress.completedTrialCount).toBe(2);
  expect(await countQueries(step)).toEqual({ queryCount: 1, rowCount: 1 });
});

it('comes to the same when another coordinator takes over, which reads all once', async () => {
  expect(await jobs.work(id, smooth)).toBe(true);
  await jobs.giveBack(led.leadership);
  led = await jobs.lead(id);
  const { rowCount } = await countQueries(step);
  expect(rowCount).toBeGreaterThan(TRIAL_COUNT);
  expect((await jobs.get(id)).progress).toMatchObject({ completedTrialCount: 3, trialCount: TRIAL_COUNT });
  await step();
  expect(await countQueries(step)).toEqual({ queryCount: 1, rowCount: 1 });
}, 300_000);

it('notices a cancel', async () => {
  await jobs.cancel(id);
  expect(await step()).toEqual({ next: 'ENDED' });
  expect((await jobs.get(id)).state).toBe('CANCELLED');
}, 300_000);
