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
const deep: MadeUp = ({ lrMultipliers, seed }) => {
  const first = lrMultipliers.findIndex((factor) => factor > 0);
  const validation = 0.8 - 0.05 * first - 0.1 * (lrMultipliers.at(-1) ?? 0) + ((seed % 7) - 3) / 1000;
  return { validation, test: Math.max(0, validation - 0.05) };
};

const SEARCH = { seed: 5, biotune: { mode: 'ACCELERATED' } };
const JOB = { search: SEARCH, baselines: ['FULL_FINE_TUNE'], evaluation: { seedCount: 2 } };

const searched = (trials: readonly Trial[]) =>
  trials.filter(({ phase, method }) => phase === 'SEARCH' && method === 'BIOTUNE');
const inState = (trials: readonly Trial[], state: Trial['state']) => trials.filter((trial) => trial.state === state);

describe('a job with rungs', () => {
  it('drops candidates after 3 of 10 epochs, and says why; the others go on from their checkpoints', async () => {
    const job = await jobs.run(JOB, deep);
    expect(job.state).toBe('SUCCEEDED');
    const trials = searched(await jobs.trials(job.id));
    const [pruned, ended] = [inState(trials, 'PRUNED'), inState(trials, 'SUCCEEDED')];
    expect(pruned.length).toBeGreaterThan(0);
    expect(pruned.length + ended.length).toBe(11);
    for (const { pruning, fitness, seedResults, cost } of pruned) {
      expect(pruning?.epochCount).toBe(3);
      expect(pruning?.validationLoss).toBeGreaterThan((pruning?.cut ?? Infinity) + 0.03);
      expect(fitness).toBeUndefined();
      expect(seedResults).toHaveLength(2);
      expect(cost.epochCount).toBe(2 * 4);
    }
    for (const { pruning, fitness, cost } of ended) {
      expect(pruning).toBeUndefined();
      expect(fitness).toBeGreaterThan(0);
      expect(cost).toMatchObject({ trainingCount: 2, epochCount: 2 * 8, trainSeconds: 2 * 4 });
    }
    expect(job.progress).toMatchObject({ completedTrialCount: 11, runningTrialCount: 0 });
    expect(job.result?.rungs).toMatchObject([{ epochCount: 3, trialCount: 11, droppedCount: pruned.length }]);
    expect(job.result?.rungs[0]?.rankCorrelation).toBeGreaterThan(0.9);
    const evolved = job.result?.scores.find(({ method }) => method === 'BIOTUNE')?.cost;
    expect(evolved?.trainingCount).toBeGreaterThanOrEqual(22);
  });

  it('shows how far candidates have come that wait at a rung', async () => {
    const { id } = await jobs.create({ ...JOB, baselines: [] });
    const { leadership, runner } = await jobs.lead(id);
    const percentNow = async () => (await jobs.get(id)).progress.percent;
    while ((await jobs.get(id)).progress.phase !== 'SEARCHING') await runner.advance(leadership);
    await runner.advance(leadership);
    expect(await percentNow()).toBe(0);
    expect(await jobs.work(id, deep)).toBe(true);
    const afterOne = await percentNow();
    expect(await jobs.work(id, deep)).toBe(true);
    // One trial of two seeds has come to epoch 3 of 10.
    expect(await percentNow()).toBeCloseTo(2 * afterOne, 10);
    expect(afterOne).toBeGreaterThan(0);
  });

  it('asks each worker for a part, and names the checkpoint of the part before', async () => {
    const { id } = await jobs.run({ ...JOB, finals: { finalistCount: 1 } }, deep);
    const tasks = (await jobs.tasks(id)).filter(({ key }) => key.startsWith('search/BIOTUNE/'));
    const first = tasks.filter(({ key }) => !key.includes('/part-'));
    expect(first).toHaveLength(22);
    for (const { spec } of first) expect(contentOf(spec, 'train')).toMatchObject({ pauseAfterEpochCount: 3 });
    const second = tasks.filter((task) => !first.includes(task));
    expect(second.length).toBeGreaterThan(0);
    for (const { key, spec } of second) {
      const before = first.find((task) => key === `${task.key}/part-1`);
      const { pauseAfterEpochCount, resumeFrom, ...whole } = contentOf(spec, 'train');
      expect(pauseAfterEpochCount).toBeUndefined();
      expect(before?.result && contentOf(before.result, 'train').checkpoint).toEqual(resumeFrom);
      const { pauseAfterEpochCount: _pause, ...begun } = contentOf(before?.spec ?? spec, 'train');
      expect(whole).toEqual(begun);
    }
  });

  it('comes to the same trials by whoever leads it, one task at a time', async () => {
    const trialsOf = async (options: object) => {
      const { id } = await jobs.run({ ...JOB, baselines: [] }, deep, options);
      return searched(await jobs.trials(id)).map(({ generation, slot, lrMultipliers, state, pruning, fitness }) => {
        return { generation, slot, lrMultipliers, state, pruning, fitness };
      });
    };
    const whole = await trialsOf({});
    expect(whole.some(({ state }) => state === 'PRUNED')).toBe(true);
    expect(await trialsOf({ taskCountMax: 1, takesOver: true })).toEqual(whole);
  });

  it('tells of each trial once that has come to its end', async () => {
    const { id } = await jobs.run({ ...JOB, baselines: [] }, deep, { taskCountMax: 1, takesOver: true });
    const ends = (await jobs.events(id)).filter(
      ({ type, payload }) => type === 'TRIAL_COMPLETED' && payload['phase'] === 'SEARCH',
    );
    expect(new Set(ends.map(({ payload }) => payload['trial'])).size).toBe(ends.length);
    expect(ends).toHaveLength(11);
    const pruned = ends.filter(({ payload }) => payload['state'] === 'PRUNED');
    expect(pruned.length).toBeGreaterThan(0);
    for (const { payload } of pruned) expect(payload).not.toHaveProperty('fitness');
  });

  it('goes on without a candidate that cannot be trained beyond a rung', async () => {
    const breaks: MadeUp = (spec) =>
      spec.resumeFrom !== undefined && spec.lrMultipliers.every((factor) => factor > 0) ? 'NAN_LOSS' : deep(spec);
    const job = await jobs.run({ ...JOB, baselines: [] }, breaks);
    expect(job.state).toBe('SUCCEEDED');
    const trials = searched(await jobs.trials(job.id));
    expect(inState(trials, 'INFEASIBLE').length).toBeGreaterThan(0);
    for (const { infeasibleReason, fitness } of inState(trials, 'INFEASIBLE')) {
      expect([infeasibleReason, fitness]).toEqual(['NAN_LOSS', 2]);
    }
    expect(inState(trials, 'PRUNED').length).toBeGreaterThan(0);
  });

  it('counts dropped trials against its budget', async () => {
    const job = await jobs.run({ ...JOB, baselines: [], budget: { trialCountMax: 10 } }, deep);
    const trials = searched(await jobs.trials(job.id));
    expect(trials).toHaveLength(10);
    expect(trials.some(({ state }) => state === 'CANCELLED')).toBe(false);
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TRIAL_BUDGET' });
  });

  it('trains in one go where it is asked to', async () => {
    const job = await jobs.run({ ...JOB, search: { ...SEARCH, accelerated: { usesRungs: false } } }, deep);
    expect(inState(searched(await jobs.trials(job.id)), 'SUCCEEDED')).toHaveLength(11);
    expect(job.result?.rungs).toEqual([]);
  });
});
