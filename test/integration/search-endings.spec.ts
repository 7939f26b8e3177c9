import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trial } from '../../src/domain/job/trial.js';
import { contentOf } from '../../src/domain/task.js';
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
    expect(trials).toHaveLength(8 + 3 * (generations.size - 1));
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
    expect(beside.map(({ state }) => state)).toEqual(Array(8 + 3 * 3).fill('SUCCEEDED'));
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
    expect(ofSearch(await jobs.trials(ended.id))).toHaveLength(8 + 3 * 3);
  });
});

describe('a search with a target', () => {
  const CONFIRMATION_SEED = 25_000;
  const TARGET = 0.72;
  const job = { ...JOB, budget: { targetMetricValue: TARGET } };

  /** As `deep`, but that some candidates do badly on the images of a confirmation. */
  const refuted =
    (isRefuted: (lrMultipliers: readonly number[]) => boolean): MadeUp =>
    (spec) =>
      spec.seed === CONFIRMATION_SEED && isRefuted(spec.lrMultipliers) ? { validation: 0.5, test: 0.5 } : deep(spec);
  const isWholeBody = (lrMultipliers: readonly number[]) => lrMultipliers.slice(0, -1).every((factor) => factor === 1);

  const confirmationsOf = async (id: string) => (await jobs.trials(id)).filter(({ phase }) => phase === 'CONFIRMATION');
  const places = (trials: readonly Trial[]) => trials.map(({ generation, slot }) => `${generation}/${slot}`);

  it('ends once the candidate that reached it has reached it on other images', async () => {
    const ended = await jobs.run(job, deep);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TARGET_REACHED' });
    const trials = await jobs.trials(ended.id);
    const [confirmed, ...others] = await confirmationsOf(ended.id);
    expect(others).toEqual([]);
    const reached = ofSearch(trials).find(({ fitness = Infinity }) => fitness <= 1 - TARGET);
    expect(confirmed).toMatchObject({
      generation: reached?.generation,
      slot: reached?.slot,
      method: 'BIOTUNE',
      lrMultipliers: reached?.lrMultipliers,
      state: 'SUCCEEDED',
      seedResults: [{ seed: CONFIRMATION_SEED }],
    });
    expect(confirmed).not.toHaveProperty('fold');
    expect(ofSearch(trials).length).toBeLessThan(8 + 3 * 3);
    const ends = (await jobs.events(ended.id)).filter(({ payload }) => payload['phase'] === 'CONFIRMATION');
    expect(ends.map(({ type, payload }) => [type, payload['trial']])).toEqual([['TRIAL_COMPLETED', confirmed?.id]]);
  });

  it('trains it whole, from a head of its own, on another division and with a seed that no other phase has', async () => {
    const { id } = await jobs.run({ ...job, finals: { division: 'FIXED' } }, deep);
    const tasks = (await jobs.tasks(id)).filter(({ spec }) => 'train' in spec);
    const [task, ...others] = tasks.filter(({ key }) => key.startsWith('confirmation/'));
    expect(others).toEqual([]);
    if (task === undefined) throw new Error('nothing was confirmed');
    const spec = contentOf(task.spec, 'train');
    expect(spec).toMatchObject({
      seed: CONFIRMATION_SEED,
      headSeed: CONFIRMATION_SEED,
      fold: 0,
      foldCount: 1,
      division: { part: 2, partCount: 3 },
      keepWeights: false,
      keepPredictions: false,
    });
    expect(spec.pauseAfterEpochCount).toBeUndefined();
    const seeds = tasks.filter(({ seed }) => seed === CONFIRMATION_SEED);
    expect(seeds).toEqual([task]);
  });

  it('goes on when it was luck, and ends by a later candidate', async () => {
    const ended = await jobs.run(job, refuted(isWholeBody));
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TARGET_REACHED' });
    const [luck, ...later] = await confirmationsOf(ended.id);
    expect(luck?.generation).toBe(0);
    expect(luck?.fitness).toBeGreaterThan(1 - TARGET);
    expect(later.at(-1)?.generation).toBeGreaterThan(0);
    expect(later.at(-1)?.fitness).toBeLessThanOrEqual(1 - TARGET);
    const costs = (await jobs.trials(ended.id)).filter(({ method }) => method === 'BIOTUNE').map(({ cost }) => cost);
    const total = ended.result?.scores.find(({ method }) => method === 'BIOTUNE')?.cost;
    expect(total?.trainingCount).toBe(costs.reduce((sum, { trainingCount }) => sum + trainingCount, 0));
  });

  it('confirms the same when each step is another coordinator’s, and no candidate twice', async () => {
    const ended = await jobs.run(job, refuted(isWholeBody), { taskCountMax: 1, takesOver: true });
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TARGET_REACHED' });
    const confirmations = await confirmationsOf(ended.id);
    const [luck, ...later] = confirmations;
    expect(luck?.fitness).toBeGreaterThan(1 - TARGET);
    expect(later).toHaveLength(1);
    expect(new Set(places(confirmations)).size).toBe(confirmations.length);
    expect((await jobs.tasks(ended.id)).filter(({ key }) => key.startsWith('confirmation/'))).toHaveLength(2);
  });

  it('tries all that it would without a target where every candidate was luck', async () => {
    const ended = await jobs.run(
      job,
      refuted(() => true),
    );
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED' });
    const placesOf = async (id: string) =>
      ofSearch(await jobs.trials(id)).map(({ generation, slot, lrMultipliers, fitness }) => {
        return { generation, slot, lrMultipliers, fitness };
      });
    const without = await jobs.run(JOB, deep);
    expect(await placesOf(ended.id)).toEqual(await placesOf(without.id));
    expect((await confirmationsOf(ended.id)).length).toBeGreaterThan(1);
  });

  it('gives up the confirmation that is open when everything was tried', async () => {
    const search = { seed: 5, biotune: { mode: 'ACCELERATED', generationCount: 0 }, accelerated: { usesRungs: false } };
    const ended = await jobs.run({ ...job, search }, deep, { taskCountMax: 1 });
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED' });
    expect((await confirmationsOf(ended.id)).map(({ state }) => state)).toEqual(['CANCELLED']);
    const tasks = (await jobs.tasks(ended.id)).filter(({ key }) => key.startsWith('confirmation/'));
    expect(
      tasks.map(({ state }) => state),
      'nobody trained it',
    ).toEqual(['cancelled']);
  });

  it('counts what a confirmation takes against the device time', async () => {
    const search = { ...JOB.search, accelerated: { usesRungs: false } };
    // 8 trials and a confirmation of 2 seconds each are 18.
    const budget = { ...job.budget, gpuSecondsMax: 18, reserveForFinals: 0 };
    const ended = await jobs.run({ ...job, search, budget }, refuted(isWholeBody), { taskCountMax: 1 });
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'GPU_BUDGET' });
    const trained = ofSearch(await jobs.trials(ended.id)).filter(({ state }) => state === 'SUCCEEDED');
    expect(trained).toHaveLength(8);
  });

  it('goes on after a confirmation that cannot be trained', async () => {
    const breaks: MadeUp = (spec) => (spec.seed === CONFIRMATION_SEED ? 'NAN_LOSS' : deep(spec));
    const ended = await jobs.run(job, breaks);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED' });
    expect((await confirmationsOf(ended.id))[0]).toMatchObject({ state: 'INFEASIBLE', infeasibleReason: 'NAN_LOSS' });
  });
});
