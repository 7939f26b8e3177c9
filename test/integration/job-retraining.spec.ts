import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import type { StoredTask, TrainSpec } from '../../src/domain/task.js';
import { JobHarness, type MadeUp } from './job-harness.js';

const SEEDS = [100_000, 100_001, 100_002];

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

const total = ({ lrMultipliers }: Pick<TrainSpec, 'lrMultipliers'>) => lrMultipliers.reduce((sum, one) => sum + one, 0);

/** The best epochs of a head and of what follows it, by the place of the seed in the finals. */
const BEST_EPOCHS = [
  [4, 7],
  [2, 0],
  [9, 3],
];

/**
 * Every candidate misses every tenth image and a few of its own; what trains more is dearer, and a training on all images better on
 * test.
 */
const candidates: MadeUp = (spec) => {
  const own = 1 + (Math.round(total(spec) * 1000) % 40);
  return {
    validation: 0.7 + Math.min(0.2, total(spec) / 100),
    test: spec.retraining === undefined ? 0.8 : 0.9,
    multiplyAccumulates: 1e9 * (1 + total(spec)),
    stageBestEpochs: BEST_EPOCHS[SEEDS.indexOf(spec.seed)] ?? [1, 1],
    wrong: (place) => place % 10 === 0 || place % 45 === own,
  };
};

const accelerated = {
  search: { seed: 5, biotune: { mode: 'ACCELERATED' } },
  baselines: ['FULL_FINE_TUNE'],
  finals: { finalistCount: 2, seedCount: 3 },
};
const retraining = { ...accelerated, finals: { ...accelerated.finals, retrains: true } };

const retrainingsOf = (tasks: readonly StoredTask[]) =>
  tasks.flatMap(({ key, spec }) => (key.startsWith('final/RETRAINED/') && 'train' in spec ? [spec.train] : []));

const scoreOf = ({ result }: FineTuneJob, method: string) => result?.scores.find((score) => score.method === method);

const validationFigures = (of: object) => Object.keys(of).filter((name) => name.startsWith('validation'));

describe('a job that retrains what it would deliver, with another coordinator at every step', () => {
  let plain: FineTuneJob;
  let job: FineTuneJob;
  let trials: readonly Trial[];
  let tasks: readonly StoredTask[];
  let repeated: Trial | undefined;
  let retrained: Trial | undefined;

  beforeAll(async () => {
    plain = await jobs.run(accelerated, candidates);
    job = await jobs.run(retraining, candidates, { taskCountMax: 2, takesOver: true });
    trials = await jobs.trials(job.id);
    tasks = await jobs.tasks(job.id);
    const finals = trials.filter(({ phase }) => phase === 'FINALS');
    retrained = finals.find(({ method }) => method === 'RETRAINED');
    repeated = finals.find(({ method }) => method === plain.result?.method);
  });

  it('repeats the method that a job delivers which does not ask for it', () => {
    expect(retrained).toMatchObject({ state: 'SUCCEEDED', slot: 2, lrMultipliers: repeated?.lrMultipliers });
    expect(retrained?.retrainedTrial).toBe(repeated?.name);
    expect(scoreOf(job, 'RETRAINED')?.retrained?.method).toBe(plain.result?.method);
  });

  it('trains it once for each seed of the finals, on all images, from the same head', () => {
    const finals = tasks.flatMap(({ trialId, spec }) =>
      trialId === repeated?.id && 'train' in spec ? [spec.train] : [],
    );
    expect(finals.map(({ seed }) => seed)).toEqual(SEEDS);
    expect(retrainingsOf(tasks)).toEqual(
      finals.map(({ division: _anew, keepPredictions: _kept, ...spec }) => ({
        ...spec,
        keepPredictions: false,
        retraining: { stageEpochCounts: [4, 3] },
      })),
    );
    for (const { pack } of retrainingsOf(tasks)) {
      expect(pack.shards.map(({ split }) => split)).toEqual(['train', 'validation']);
    }
  });

  it('has neither fitness nor validation figures, and no predictions', async () => {
    expect(retrained).not.toHaveProperty('fitness');
    const results = retrained?.seedResults ?? [];
    expect(results).toMatchObject(SEEDS.map((seed) => ({ seed, epochCount: 7, bestEpoch: 7 })));
    const score = scoreOf(job, 'RETRAINED');
    for (const of of [...results, score ?? {}, ...(score?.seedScores ?? [])]) expect(validationFigures(of)).toEqual([]);
    const filed = (await jobs.modelFile(job, 'validation-predictions.json')) as readonly { method: string }[];
    expect(filed.map(({ method }) => method)).not.toContain('RETRAINED');
  });

  it('scores each model on the test split once, and says what the retraining has changed', () => {
    expect(tasks.flatMap(({ key }) => (key.startsWith('score/RETRAINED/') ? [key] : []))).toEqual(
      SEEDS.map((seed) => `score/RETRAINED/${seed}`),
    );
    const score = scoreOf(job, 'RETRAINED');
    expect(score).toMatchObject({ testAccuracy: 0.9, retrained: { stageEpochCounts: [4, 3] } });
    expect(score?.retrained?.testAccuracyDifference).toBeCloseTo(0.1, 12);
    const { low = NaN, high = NaN } = score?.retrained?.testAccuracyDifferenceInterval ?? {};
    expect(low).toBeLessThan(0.1);
    expect(high).toBeGreaterThan(0.1);
  });

  it('delivers its first seed in the place of the method that it repeats, and says that nothing was validated', async () => {
    const { reason = '', ...delivery } = job.result?.delivery ?? {};
    const { reason: ofPlain = '', ...plainDelivery } = plain.result?.delivery ?? {};
    expect(job.result).toMatchObject({ method: 'RETRAINED', testAccuracy: 0.9 });
    expect(delivery).toEqual(plainDelivery);
    const method = plain.result?.method ?? '';
    expect(reason).toBe(
      `RETRAINED is ${method} trained again on train and validation together, so that no validation figure exists for it. ${ofPlain}`,
    );
    expect(job.result?.verdict).toContain(`Delivered is RETRAINED: ${reason}`);
    expect(await jobs.modelFile(job, 'lineage.json')).toMatchObject({
      trial: retrained?.name,
      trainingSeed: 100_000,
      retrained: { method, stageEpochCounts: [4, 3] },
    });
  });

  it('sets the winner of the search against baselines alone', () => {
    expect(job.result?.comparison?.baseline).toBe('FULL_FINE_TUNE');
  });

  it('counts all of the repeated method in its cost, and each piece of work of the job once', () => {
    const costOf = (method: string) => scoreOf(job, method)?.cost.multiplyAccumulates ?? NaN;
    const own = retrained?.cost.multiplyAccumulates ?? NaN;
    expect(own).toBeGreaterThan(0);
    expect(costOf('RETRAINED')).toBeCloseTo(costOf(plain.result?.method ?? '') + own, 0);
    const work = (of: FineTuneJob) => of.result?.cost.multiplyAccumulates ?? NaN;
    expect(work(job)).toBeCloseTo(work(plain) + own, 0);
    expect(job.result?.cost.trainingCount).toBe((plain.result?.cost.trainingCount ?? NaN) + SEEDS.length);
    expect(job.result?.estimate.trainingCount).toBe((plain.result?.estimate.trainingCount ?? NaN) + SEEDS.length);
  });
});

it('delivers the method itself where it cannot be trained again, and says why', async () => {
  const broken: MadeUp = (spec) => (spec.retraining === undefined ? candidates(spec) : 'NAN_LOSS');
  const job = await jobs.run(retraining, broken);
  expect(job.state).toBe('SUCCEEDED');
  const retrained = (await jobs.trials(job.id)).find(({ method }) => method === 'RETRAINED');
  expect(retrained).toMatchObject({ state: 'INFEASIBLE', infeasibleReason: 'NAN_LOSS' });
  expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE', 'FULL_FINE_TUNE']);
  expect(scoreOf(job, job.result?.method ?? '')?.trial).toBe(retrained?.retrainedTrial);
  expect(job.result?.delivery.reason).not.toContain('RETRAINED');
  expect(job.result?.warnings.find((warning) => warning.startsWith('RETRAINED'))).toMatch(
    /^RETRAINED is missing: .*NAN_LOSS/,
  );
});

it('delivers another method, as it is, where the one that was repeated cannot be scored', async () => {
  const baselines = { search: { type: 'NONE' }, baselines: ['FULL_FINE_TUNE', 'LINEAR_PROBE'] };
  const unscored: MadeUp = (spec) => {
    const isProbe = spec.technique.type === 'LINEAR_PROBE';
    const test = isProbe ? 0.6 : spec.retraining === undefined ? ('NAN_LOSS' as const) : 0.9;
    return { validation: isProbe ? 0.5 : 0.7, test, stageBestEpochs: [2] };
  };
  const job = await jobs.run({ ...baselines, finals: { seedCount: 2, retrains: true } }, unscored);
  expect(retrainingsOf(await jobs.tasks(job.id))).toMatchObject([
    { technique: { type: 'BLOCKS' }, retraining: { stageEpochCounts: [2] } },
    { technique: { type: 'BLOCKS' }, retraining: { stageEpochCounts: [2] } },
  ]);
  expect(job.result?.method).toBe('LINEAR_PROBE');
  expect(job.result?.scores.map(({ method }) => method)).toEqual(['LINEAR_PROBE', 'RETRAINED']);
});

it('retrains nothing where no final could be trained', async () => {
  const hopeless: MadeUp = () => 'NAN_LOSS';
  const baselines = { search: { type: 'NONE' }, baselines: ['FULL_FINE_TUNE'] };
  const job = await jobs.run({ ...baselines, finals: { retrains: true } }, hopeless);
  expect(job).toMatchObject({ state: 'FAILED', error: { reason: 'SEARCH_SPACE_INFEASIBLE' } });
  expect(retrainingsOf(await jobs.tasks(job.id))).toEqual([]);
});
