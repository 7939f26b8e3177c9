import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trial } from '../../src/domain/job/trial.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

/** Candidates are the better the more of the last blocks learn, and a head that learns is worse. */
const deep: MadeUp = ({ lrMultipliers }) => {
  const first = lrMultipliers.findIndex((factor) => factor > 0);
  const validation = 0.8 - 0.05 * first - 0.1 * (lrMultipliers.at(-1) ?? 0);
  return { validation, test: Math.max(0, validation - 0.05) };
};

const ofSearch = (trials: readonly Trial[], method: Trial['method'] = 'BIOTUNE') =>
  trials.filter((trial) => trial.phase === 'SEARCH' && trial.method === method);

const JOB = { search: { seed: 5, biotune: { mode: 'ACCELERATED', generationCount: 3 } }, baselines: [] };

describe('a search that no longer pays', () => {
  const job = { ...JOB, budget: { expectedGainMin: 0.05 } };

  it('ends before a generation that promises too little, with the best so far', async () => {
    const ended = await jobs.run(job, deep);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'NO_EXPECTED_GAIN' });
    const trials = ofSearch(await jobs.trials(ended.id));
    const generations = new Set(trials.map(({ generation }) => generation));
    expect(generations.size).toBeLessThan(4);
    expect(trials).toHaveLength(8 + 5 * (generations.size - 1));
    expect(trials.filter(({ state }) => state === 'CANCELLED')).toEqual([]);
    expect(ended.progress).toMatchObject({ completedTrialCount: trials.length, trialCount: trials.length });
    const stops = (await jobs.events(ended.id)).filter(({ type }) => type === 'SEARCH_STOPPED');
    expect(stops.map(({ payload }) => payload)).toEqual([{ stopReason: 'NO_EXPECTED_GAIN' }]);
    expect(ended.result?.rungs).toMatchObject([{ epochCount: 3, trialCount: trials.length }]);
  });

  it('ends at the same place whoever leads it, one task at a time', async () => {
    const endOf = async (options: object) => {
      const { id, stopReason } = await jobs.run(job, deep, options);
      const trials = ofSearch(await jobs.trials(id)).map(({ generation, slot, lrMultipliers, state, fitness }) => {
        return { generation, slot, lrMultipliers, state, fitness };
      });
      return { stopReason, trials };
    };
    const whole = await endOf({});
    expect(whole.stopReason).toBe('NO_EXPECTED_GAIN');
    expect(await endOf({ taskCountMax: 1, takesOver: true })).toEqual(whole);
  });

  it('leaves the searches beside it to try all of theirs', async () => {
    const ended = await jobs.run({ ...job, baselines: ['RANDOM_SEARCH'] }, deep, { taskCountMax: 5 });
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'NO_EXPECTED_GAIN' });
    const beside = ofSearch(await jobs.trials(ended.id), 'RANDOM_SEARCH');
    expect(beside.map(({ state }) => state)).toEqual(Array(8 + 3 * 5).fill('SUCCEEDED'));
  });

  it('prunes what is dropped at the rung where the search ends', async () => {
    // What the rung keeps has stopped before it, so that the generation ends as the others are dropped.
    const early: MadeUp = (spec) => {
      const found = deep(spec);
      return typeof found === 'string' ? found : { ...found, stopsEarly: found.validation > 0.5 };
    };
    const ended = await jobs.run(job, early);
    expect(ended.stopReason).toBe('NO_EXPECTED_GAIN');
    const states = ofSearch(await jobs.trials(ended.id)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['SUCCEEDED', 'PRUNED']));
  });

  it('goes on to its last generation without the option', async () => {
    const ended = await jobs.run(JOB, deep);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED' });
    expect(ofSearch(await jobs.trials(ended.id))).toHaveLength(8 + 3 * 5);
  });
});
