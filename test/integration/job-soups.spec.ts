import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import type { SoupSpec, StoredTask, TrainSpec } from '../../src/domain/task.js';
import { JobHarness, type MadeUp, type MadeUpSoup } from './job-harness.js';

const SEEDS = [50_000, 50_001, 50_002];

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

const total = ({ lrMultipliers }: Pick<TrainSpec, 'lrMultipliers'>) => lrMultipliers.reduce((sum, one) => sum + one, 0);

/** Every candidate misses every tenth image and four more, each other ones; what trains more is dearer. */
const candidates: MadeUp = (spec) => {
  const own = 1 + (Math.round(total(spec) * 1000) % 40);
  return {
    validation: 0.7 + Math.min(0.2, total(spec) / 100),
    test: 0.8,
    multiplyAccumulates: 1e9 * (1 + total(spec)),
    wrong: (place) => place % 10 === 0 || place % 45 === own,
  };
};

/** A soup misses every tenth image alone. */
const better: MadeUpSoup = () => ({
  validation: 0.9,
  test: 0.85,
  multiplyAccumulates: 7e8,
  wrong: (place) => place % 10 === 0,
});

const accelerated = {
  search: { seed: 5, biotune: { mode: 'ACCELERATED' } },
  baselines: ['FULL_FINE_TUNE'],
  finals: { finalistCount: 3, seedCount: 3, usesSoup: true },
};

const soupsOf = (tasks: readonly StoredTask[]) =>
  tasks.flatMap(({ spec, seed }) => ('soup' in spec ? [{ seed, soup: spec.soup }] : []));

/** The trainings of SELECTION. */
const selectedOf = (tasks: readonly StoredTask[]) =>
  tasks.flatMap(({ key, spec, result }) =>
    key.startsWith('selection/BIOTUNE/') && 'train' in spec && result && 'train' in result
      ? [{ spec: spec.train, result: result.train }]
      : [],
  );

const weightsOf = ({ network, others }: SoupSpec) => [network.weights, ...others];

const scoreOf = ({ result }: FineTuneJob, method: string) => result?.scores.find((score) => score.method === method);

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('a job that asks for soups, with another coordinator at every step', () => {
  let job: FineTuneJob;
  let trials: readonly Trial[];
  let tasks: readonly StoredTask[];

  beforeAll(async () => {
    job = await jobs.run(accelerated, candidates, { taskCountMax: 2, takesOver: true, soup: better });
    trials = await jobs.trials(job.id);
    tasks = await jobs.tasks(job.id);
  });

  it('makes one for each seed of the choice, of the models that were trained with it on the same division', () => {
    const soups = soupsOf(tasks);
    expect(soups.map(({ seed }) => seed)).toEqual(SEEDS);
    for (const { seed, soup } of soups) {
      const members = selectedOf(tasks).filter(({ spec }) => spec.seed === seed);
      expect(members).toHaveLength(3);
      const hashes = members.map(({ result }) => result.weights?.sha256);
      expect(weightsOf(soup).map(({ sha256 }) => sha256)).toEqual(expect.arrayContaining(hashes));
      expect(weightsOf(soup)).toHaveLength(3);
      for (const { spec } of members) expect(spec).toMatchObject({ division: soup.division, headSeed: 50_000 });
      expect(soup.pack.shards.map(({ split }) => split)).toEqual(['train', 'validation']);
    }
  });

  it('tries the finalist first that was chosen', () => {
    const chosen = scoreOf(job, 'BIOTUNE')?.lrMultipliers;
    for (const { seed, soup } of soupsOf(tasks)) {
      const best = selectedOf(tasks).find(({ result }) => result.weights?.sha256 === soup.network.weights.sha256);
      expect(best?.spec).toMatchObject({ seed, lrMultipliers: chosen });
    }
  });

  it('keeps no weights of the choice among candidates of other methods, nor of the search', () => {
    const kept = tasks
      .filter(({ spec }) => 'train' in spec && spec.train.keepWeights)
      .map(({ key }) => key.split('/')[0]);
    expect(new Set(kept)).toEqual(new Set(['selection', 'final']));
    expect(kept.filter((phase) => phase === 'selection')).toHaveLength(9);
  });

  it('has a trial of its own for them, whose results have no epochs', () => {
    const [trial, ...others] = trials.filter(({ method }) => method === 'SOUP');
    expect(others).toEqual([]);
    expect(trial).toMatchObject({ phase: 'FINALS', origin: 'FINAL', state: 'SUCCEEDED', slot: 2 });
    expect(trial?.cost).toEqual({ trainingCount: 0, epochCount: 0, multiplyAccumulates: 2.1e9, trainSeconds: 9 });
    expect(trial?.seedResults).toMatchObject(SEEDS.map((seed) => ({ seed, epochCount: 0, validationAccuracy: 0.9 })));
    for (const result of trial?.seedResults ?? []) expect(result).not.toHaveProperty('bestEpoch');
  });

  it('scores each on the test split, and reports them beside the other methods', () => {
    expect(tasks.flatMap(({ key }) => (key.startsWith('score/SOUP/') ? [key] : []))).toEqual(
      SEEDS.map((seed) => `score/SOUP/${seed}`),
    );
    expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE', 'FULL_FINE_TUNE', 'SOUP']);
    const score = scoreOf(job, 'SOUP');
    expect(score).toMatchObject({ testAccuracy: 0.85, lrMultipliers: scoreOf(job, 'BIOTUNE')?.lrMultipliers });
    expect(score?.seedScores.map(({ seed }) => seed)).toEqual(SEEDS);
  });

  it('delivers the soup of the first seed where it is better by its pooled predictions', async () => {
    expect(job.result).toMatchObject({ method: 'SOUP', delivery: { best: 'SOUP', difference: 0 }, testAccuracy: 0.85 });
    const [first, , third] = soupsOf(tasks)
      .slice(0, 1)
      .flatMap(({ soup }) => weightsOf(soup));
    const soupMembers = [first, third].map((weights) => {
      const task = tasks.find(
        ({ result }) => result && 'train' in result && result.train.weights?.sha256 === weights?.sha256,
      );
      return expect.stringMatching(new RegExp(`/trials/${task?.trialId}$`));
    });
    expect(await jobs.modelFile(job, 'lineage.json')).toMatchObject({ trainingSeed: 50_000, soupMembers });
    const filed = (await jobs.modelFile(job, 'validation-predictions.json')) as readonly { method: string }[];
    expect(filed.filter(({ method }) => method === 'SOUP')).toMatchObject(SEEDS.map((seed) => ({ seed })));
  });

  it('sets the winner of the search against baselines alone', () => {
    expect(job.result?.comparison?.baseline).toBe('FULL_FINE_TUNE');
  });

  it('counts the search and the choice in its cost, and each piece of work of the job once', () => {
    const before = trials.filter(({ method, phase }) => method === 'BIOTUNE' && phase !== 'FINALS');
    const work = (of: readonly Trial[]) => sumOf(of.map(({ cost }) => cost.multiplyAccumulates));
    expect(scoreOf(job, 'SOUP')?.cost.multiplyAccumulates).toBeCloseTo(work(before) + 3 * 7e8, 0);
    expect(job.result?.cost.multiplyAccumulates).toBeCloseTo(work(trials), 0);
    expect(job.result?.cost.trainingCount).toBe(sumOf(trials.map(({ cost }) => cost.trainingCount)));
  });
});

it('charges a soup for the averaging alone where methods are compared: one that is no worse is delivered', async () => {
  const soupOf = (multiplyAccumulates: number) =>
    jobs.run(accelerated, candidates, {
      soup: ({ network, others }) => {
        expect(others.map(({ sha256 }) => sha256)).not.toContain(network.weights.sha256);
        // As good as any candidate.
        const wrong = (place: number) => place % 10 === 0 || place % 45 === 44;
        return { validation: 0.9, test: 0.85, multiplyAccumulates, wrong };
      },
    });
  const cheap = await soupOf(1);
  expect(cheap.result?.method).toBe('SOUP');
  const dear = await soupOf(1e13);
  expect(dear.result?.method).not.toBe('SOUP');
  expect(scoreOf(dear, 'SOUP')).toBeDefined();
});

it('compares soups by their mean fitness where finals are FIXED and the BEST is delivered', async () => {
  const finals = { ...accelerated.finals, division: 'FIXED', choice: 'BEST' };
  const job = await jobs.run({ ...accelerated, finals }, candidates, { soup: () => ({ validation: 0.99, test: 0.9 }) });
  expect(job.result).toMatchObject({ method: 'SOUP', testAccuracy: 0.9 });
  for (const { soup } of soupsOf(await jobs.tasks(job.id))) expect(soup.division).toBeUndefined();
});

it('makes no soup where one finalist alone could be trained, and says so', async () => {
  const seen = new Set<string>();
  const oneOfAll: MadeUp = (spec) => {
    if (SEEDS.includes(spec.seed)) {
      seen.add(spec.lrMultipliers.join());
      if (spec.lrMultipliers.join() !== [...seen][0]) return 'NAN_LOSS';
    }
    return candidates(spec);
  };
  const job = await jobs.run(accelerated, oneOfAll);
  expect(job.state).toBe('SUCCEEDED');
  expect(soupsOf(await jobs.tasks(job.id))).toEqual([]);
  expect(scoreOf(job, 'SOUP')).toBeUndefined();
  expect(job.result?.warnings.filter((warning) => warning.startsWith('SOUP'))).toEqual([
    'SOUP is missing: it needs two finalists of the search that could be trained at one image size.',
  ]);
});

it('delivers another method where a soup cannot be made, and says why', async () => {
  const job = await jobs.run(accelerated, candidates, { soup: () => 'NAN_LOSS' });
  expect(job.result?.method).not.toBe('SOUP');
  expect(job.result?.warnings.find((warning) => warning.startsWith('SOUP'))).toMatch(/^SOUP is missing: .*NAN_LOSS/);
});

it('averages finalists of one image size alone', async () => {
  const search = { seed: 5, biotune: { mode: 'ACCELERATED', eliteCount: 3 }, space: { imageSizePx: [64, 96] } };
  const finals = { ...accelerated.finals, finalistCount: 6 };
  const job = await jobs.run({ ...accelerated, search, finals }, candidates, { soup: better });
  const tasks = await jobs.tasks(job.id);
  const sizes = new Map(
    selectedOf(tasks).map(({ spec, result }) => [result.weights?.sha256, spec.network.imageSizePx]),
  );
  expect(new Set(sizes.values()).size).toBe(2);
  const soups = soupsOf(tasks);
  expect(soups).toHaveLength(3);
  for (const { soup } of soups) {
    const ofMembers = weightsOf(soup).map(({ sha256 }) => sizes.get(sha256));
    expect(new Set(ofMembers)).toEqual(new Set([soup.network.imageSizePx]));
  }
});
