import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import { BASELINES, SEARCH_METHOD } from '../../src/methods/method-table.js';
import type { StoredTask } from '../../src/domain/task.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { createTestBucket } from '../support/object-store.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

/** A search small enough to be looked at as a whole: 4 trials, then 2 probes and 3 children. */
const small = { populationSize: 4, eliteCount: 1, generationCount: 1 };
const evaluation = { seedCount: 2 };

/** Candidates are the better the nearer their mean multiplier is to 1; noise comes from the seed. */
const smooth: MadeUp = ({ lrMultipliers, seed }) => {
  const mean = lrMultipliers.reduce((sum, factor) => sum + factor, 0) / lrMultipliers.length;
  const validation = 0.8 - 0.05 * Math.abs(mean - 1) + ((seed % 7) - 3) / 1000;
  return { validation, test: Math.max(0, validation - 0.05) };
};

const pick = ({ lrMultipliers, settings }: Trial) => ({ lrMultipliers, settings });

const TRAINED = [SEARCH_METHOD, ...BASELINES];

const ofPhase = (trials: readonly Trial[], phase: Trial['phase']) => trials.filter((trial) => trial.phase === phase);

describe('a job with every method', () => {
  let job: FineTuneJob;
  let trials: readonly Trial[];
  let tasks: readonly StoredTask[];

  beforeAll(async () => {
    const finals = { finalistCount: 2, seedCount: 2 };
    job = await jobs.run(
      { evaluation, search: { seed: 3, biotune: small }, baselines: [...BASELINES], finals },
      smooth,
    );
    trials = await jobs.trials(job.id);
    tasks = await jobs.tasks(job.id);
  });

  it('succeeds', () => {
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'COMPLETED', progress: { percent: 100 } });
  });

  it('searches with the methods that have candidates', () => {
    const counts = TRAINED.map((method) => ofPhase(trials, 'SEARCH').filter((trial) => trial.method === method).length);
    expect(Object.fromEntries(TRAINED.map((method, index) => [method, counts[index]]))).toMatchObject({
      BIOTUNE: 9,
      RANDOM_SEARCH: 9,
      SUFFIX_GRID: 27,
      FULL_FINE_TUNE_TUNED: 5,
      L2_SP: 4,
      L1_SP: 4,
      LORA: 0,
    });
    const listed = ofPhase(trials, 'SEARCH').filter(({ method }) => method !== 'BIOTUNE');
    expect(new Set(listed.map(({ fold }) => fold)), 'no fold is compared with another').toEqual(new Set([0]));
  });

  it('tells the best two of each search apart on all the data', () => {
    const selection = ofPhase(trials, 'SELECTION');
    expect(selection).toHaveLength(12);
    for (const { method, lrMultipliers, fold } of selection) {
      expect(fold).toBeUndefined();
      const found = ofPhase(trials, 'SEARCH').filter((trial) => trial.method === method && trial.state === 'SUCCEEDED');
      const ranks = found
        .toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1) || a.generation - b.generation || a.slot - b.slot)
        .map((trial) => trial.lrMultipliers.join());
      expect([...new Set(ranks)].slice(0, 2)).toContain(lrMultipliers.join());
    }
  });

  it('reports the better of the two, and each method once', () => {
    const finals = ofPhase(trials, 'FINALS');
    expect(finals.map(({ method }) => method)).toEqual(['BIOTUNE', ...BASELINES]);
    for (const { method, lrMultipliers, settings } of finals) {
      const selected = ofPhase(trials, 'SELECTION').filter((trial) => trial.method === method);
      const [best] = selected.toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1));
      if (best !== undefined) expect({ lrMultipliers, settings }).toEqual(pick(best));
    }
  });

  it('trains with other seeds in each phase', () => {
    const seeds = (phase: Trial['phase']) =>
      new Set(ofPhase(trials, phase).flatMap(({ seedResults }) => seedResults.map(({ seed }) => seed)));
    const [search, selection, finals] = [seeds('SEARCH'), seeds('SELECTION'), seeds('FINALS')];
    expect([search.size, selection.size, finals.size]).toEqual([2, 2, 2]);
    expect(new Set([...search, ...selection, ...finals]).size).toBe(6);
  });

  it('seals the test split: no task but those that score a final model names it', () => {
    const naming = tasks.filter(({ spec }) => JSON.stringify(spec).includes(jobs.testShardSha256));
    expect(naming.map(({ key }) => key)).toEqual(
      TRAINED.flatMap((method) => [0, 1].map((seed) => `score/${method}/${100_000 + seed}`)).toSorted(),
    );
    expect(tasks.filter(({ key }) => key.startsWith('score/'))).toHaveLength(naming.length);
  });

  it('tells workers the technique of each method', () => {
    const ofFinals = tasks.flatMap(({ key, spec }) =>
      key.startsWith('final/') && 'train' in spec ? [[key.split('/')[1], spec.train.technique.type]] : [],
    );
    expect(Object.fromEntries(ofFinals)).toMatchObject({
      BIOTUNE: 'BLOCKS',
      LORA: 'LORA',
      AUTO_RGN: 'AUTO_RGN',
      LAYER_DECAY: 'BLOCKS',
      LINEAR_PROBE: 'LINEAR_PROBE',
    });
  });

  it('delivers what is best on validation, and compares the search with the best baseline by validation', () => {
    const { scores = [], comparison, method } = job.result ?? {};
    const scoreOf = (wanted: string | undefined) => scores.find((score) => score.method === wanted);
    const best = Math.max(...scores.map(({ validationMacroAccuracy = NaN }) => validationMacroAccuracy));
    expect(scoreOf(method)?.validationMacroAccuracy).toBeCloseTo(best, 12);
    const bestBaseline = Math.max(
      ...scores.slice(1).map(({ validationMacroAccuracy = NaN }) => validationMacroAccuracy),
    );
    const baseline = scoreOf(comparison?.baseline);
    expect(baseline?.validationMacroAccuracy).toBeCloseTo(bestBaseline, 12);
    const difference = (scoreOf('BIOTUNE')?.testAccuracy ?? NaN) - (baseline?.testAccuracy ?? NaN);
    expect(comparison?.testAccuracyDifference).toBeCloseTo(difference, 12);
  });

  it('brackets every figure by its interval', () => {
    expect(job.result?.scores).toHaveLength(TRAINED.length);
    for (const {
      testAccuracy,
      testAccuracyInterval: { low, high },
      seedScores,
    } of job.result?.scores ?? []) {
      expect(low).toBeLessThan(testAccuracy);
      expect(high).toBeGreaterThan(testAccuracy);
      expect(high - low, '300 images').toBeLessThan(0.12);
      expect(seedScores.map(({ seed }) => seed)).toEqual([100_000, 100_001]);
    }
  });

  it('adds up what was trained', () => {
    const trained = trials.filter(({ reusedTrial }) => reusedTrial === undefined);
    const trainingCount = trained.reduce((sum, { seedResults }) => sum + seedResults.length, 0);
    const cost = { trainingCount, epochCount: 4 * trainingCount, trainSeconds: 2 * trainingCount };
    expect(job.result?.cost).toEqual({ ...cost, multiplyAccumulates: 1e9 * trainingCount });
    const ofMethods = job.result?.scores.reduce((sum, score) => sum + score.cost.trainingCount, 0);
    expect(ofMethods).toBe(trainingCount);
  });

  it('says that 30 validation images resolve little', () => {
    expect(job.result?.resolution).toMatchObject({ imageCount: 30, seedCount: 2 });
    expect(job.result?.warnings).toEqual([expect.stringContaining('It will choose largely by luck')]);
    expect(job.result?.verdict).toContain(`Delivered is ${job.result?.method}`);
  });
});

it('never delivers a search that does worse on validation than a baseline', async () => {
  const madeUp: MadeUp = ({ technique, fold, foldCount, seed }) => {
    const isSearch = foldCount > 1;
    const validation = technique.type === 'LINEAR_PROBE' ? 0.7 : isSearch ? 0.9 - fold / 100 : 0.6 + (seed % 2) / 100;
    return { validation, test: technique.type === 'LINEAR_PROBE' ? 0.5 : 0.9 };
  };
  const job = await jobs.run({ evaluation, search: { biotune: small }, baselines: ['LINEAR_PROBE'] }, madeUp);
  expect(job.result?.method).toBe('LINEAR_PROBE');
  expect(job.result?.verdict).toMatch(/beats LINEAR_PROBE.*Delivered is LINEAR_PROBE/);
});

describe('equal candidates', () => {
  const genome = { genes: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9], threshold: 0.5 };
  const equal = { ...genome, genes: [0.4, ...genome.genes.slice(1)] };
  const search = (mode: string) => ({
    biotune: { ...small, generationCount: 0, mode },
    initialGenomes: [genome, equal, genome],
  });
  const run = async (mode: string) => {
    const job = await jobs.run({ evaluation, search: search(mode), baselines: [] }, smooth);
    return ofPhase(await jobs.trials(job.id), 'SEARCH');
  };

  it('are trained once in PAPER_FAST, and have the results of the one that was', async () => {
    const [first, second, third] = await run('PAPER_FAST');
    expect([second?.reusedTrial, third?.reusedTrial]).toEqual([first?.name, first?.name]);
    expect(second?.seedResults).toEqual(first?.seedResults);
    expect([second?.fitness, third?.fitness]).toEqual([first?.fitness, first?.fitness]);
    expect([first?.cost.trainingCount, second?.cost.trainingCount]).toEqual([2, 0]);
  });

  it('are trained each in PAPER, as the paper does', async () => {
    const trials = await run('PAPER');
    expect(trials.map(({ reusedTrial }) => reusedTrial)).toEqual([undefined, undefined, undefined, undefined]);
    expect(trials.map(({ cost }) => cost.trainingCount)).toEqual([2, 2, 2, 2]);
  });
});

describe('modes', () => {
  it.each([
    ['PAPER', 'TRAIN'],
    ['CODE_COMPAT', 'TRAIN'],
    ['PAPER_FAST', 'EVAL'],
  ])('%s keeps frozen BatchNorm on %s', async (mode, frozenBatchNorm) => {
    const job = await jobs.create({ search: { biotune: { mode } } });
    expect(job.spec.training.frozenBatchNorm).toBe(frozenBatchNorm);
  });

  it('CODE_COMPAT ignores the learning rates of the genes', async () => {
    const search = { biotune: { ...small, mode: 'CODE_COMPAT' } };
    const job = await jobs.run({ evaluation, search, baselines: [] }, smooth);
    const factors = (await jobs.trials(job.id)).flatMap(({ lrMultipliers }) => lrMultipliers);
    expect(new Set(factors)).toEqual(new Set([0, 1]));
  });

  it('are refused together with another frozen BatchNorm', () => {
    expect(() => jobs.request({ training: { frozenBatchNorm: 'TRAIN' } })).toThrow('mode PAPER_FAST goes with EVAL');
  });
});

describe('constraints and warm starts', () => {
  it('hold for every candidate of the search and of a random search', async () => {
    const blockConstraints = [
      { blockId: 'stem', policy: 'FREEZE' },
      { blockId: 'head', policy: 'TRAIN', lrMultiplierMin: 0.5, lrMultiplierMax: 2 },
    ];
    const job = await jobs.run(
      { evaluation, search: { biotune: small, blockConstraints }, baselines: ['RANDOM_SEARCH'] },
      smooth,
    );
    const trials = await jobs.trials(job.id);
    expect(trials.length).toBeGreaterThan(18);
    for (const { lrMultipliers } of trials) {
      expect(lrMultipliers[0]).toBe(0);
      expect(lrMultipliers.at(-1)).toBeGreaterThanOrEqual(0.5);
      expect(lrMultipliers.at(-1)).toBeLessThanOrEqual(2);
    }
  });

  it('name what they do not know', async () => {
    const unknown = { blockConstraints: [{ blockId: 'layer9', policy: 'FREEZE' }] };
    await expect(jobs.create({ search: unknown })).rejects.toThrow('block layer9 is unknown; known: stem');
    const short = { initialGenomes: [{ genes: [1, 1], threshold: 0 }] };
    await expect(jobs.create({ search: short })).rejects.toThrow('has 9 genes, one per block; this one has 2');
    const missing = { warmStartFrom: ['projects/test/fineTuneJobs/ftj_01JD0000000000000000000000'] };
    await expect(jobs.create({ search: missing })).rejects.toThrow('there is no projects/test/fineTuneJobs/ftj_01JD');
  });

  it('put the best of an earlier job into generation 0, after the genomes of the caller', async () => {
    const earlier = await jobs.run({ evaluation, search: { biotune: small }, baselines: [] }, smooth);
    const genome = { genes: Array.from({ length: 9 }, () => 0.5), threshold: 0.25 };
    const search = { biotune: small, initialGenomes: [genome], warmStartFrom: [earlier.name] };
    const job = await jobs.run({ evaluation, search, baselines: [] }, smooth);
    const [first, second, third] = await jobs.trials(job.id);
    expect([first?.origin, second?.origin, third?.origin]).toEqual(['ENQUEUED', 'WARM_START', 'INITIAL']);
    expect(first?.genome).toEqual(genome);
    expect(second?.genome, 'what it chose on all its data').toEqual(earlier.result?.genome);
  });
});

describe('budgets', () => {
  const run = async (budget: object, madeUp: MadeUp = smooth, baselines: string[] = []) => {
    const biotune = { ...small, generationCount: 5, mode: 'PAPER' };
    const job = await jobs.run({ evaluation, search: { seed: 1, biotune }, budget, baselines }, madeUp);
    const search = ofPhase(await jobs.trials(job.id), 'SEARCH').filter(({ method }) => method === 'BIOTUNE');
    return { job, search };
  };

  it('end a search after so many trials, with the best so far', async () => {
    const { job, search } = await run({ trialCountMax: 6 });
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TRIAL_BUDGET', progress: { trialCount: 6 } });
    expect(search).toHaveLength(6);
    const best = search.toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1))[0];
    expect(job.best?.trial).toBe(best?.name);
  });

  it('end a search that has reached its target, and drop what is open', async () => {
    const { id } = await jobs.create({
      evaluation,
      search: { biotune: small },
      budget: { targetMetricValue: 0.3 },
      baselines: [],
    });
    const { leadership, runner } = await jobs.lead(id);
    while ((await jobs.tasks(id)).length === 0) await runner.advance(leadership);
    const held = await jobs.lease(id);
    expect(await jobs.heartbeat(held)).toEqual({ leaseLost: false, cancel: false });
    while ((await jobs.trials(id)).every(({ fitness }) => fitness === undefined)) {
      await jobs.work(id, smooth);
      await runner.advance(leadership);
    }
    while ((await jobs.get(id)).stopReason === undefined) await runner.advance(leadership);
    expect(await jobs.heartbeat(held), 'its trial is wanted by nobody').toEqual({ leaseLost: false, cancel: true });
    await jobs.release(held);
    const left = (await jobs.tasks(id)).filter(({ key }) => key.startsWith('search/'));
    expect(left.filter(({ state }) => state === 'queued' || state === 'leased')).toEqual([]);
    const states = (await jobs.trials(id)).map(({ state }) => state);
    expect(states.filter((state) => state === 'CANCELLED').length).toBeGreaterThan(0);
  });

  it('end a search that has reached its target, with the best so far', async () => {
    const { job, search } = await run({ targetMetricValue: 0.3 });
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'TARGET_REACHED' });
    expect(search).toHaveLength(4);
  });

  it('end a search that no longer gets better', async () => {
    const { job, search } = await run({ plateauGenerationCount: 2 }, () => ({ validation: 0.5, test: 0.5 }));
    expect(job.stopReason).toBe('PLATEAU');
    // Of two folds each has a first generation; 2 and 3 are no better.
    expect(Math.max(...search.map(({ generation }) => generation))).toBe(3);
  });

  it('end every search when the device time is used up', async () => {
    // 4 trials of 2 seeds with 2 seconds each are 16 seconds; the finals keep 15 % of 18.
    const { job, search } = await run({ gpuSecondsMax: 18 }, smooth, ['LINEAR_PROBE']);
    expect(job).toMatchObject({ state: 'SUCCEEDED', stopReason: 'GPU_BUDGET' });
    expect(search.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(4);
    expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE', 'LINEAR_PROBE']);
  });

  it('fail a job whose search had no time for a single trial', async () => {
    const { id } = await jobs.create({
      evaluation,
      search: { biotune: small },
      budget: { wallSecondsMax: 1e-6 },
      baselines: [],
    });
    const { leadership, runner } = await jobs.lead(id);
    while ((await jobs.tasks(id)).length === 0) await runner.advance(leadership);
    await jobs.lease(id);
    while ((await runner.advance(leadership)).next !== 'ENDED');
    const job = await jobs.get(id);
    expect(job).toMatchObject({ state: 'FAILED', stopReason: 'ERROR', error: { reason: 'SEARCH_SPACE_INFEASIBLE' } });
    expect(job.error?.message).toContain('none was completed within the budget');
  });
});

describe('what cannot be trained', () => {
  it('ends a search when most of a generation is, with a count of each reason', async () => {
    const job = await jobs.run({ evaluation, search: { biotune: small }, baselines: [] }, () => 'NAN_LOSS');
    expect(job).toMatchObject({ state: 'FAILED', error: { reason: 'SEARCH_SPACE_INFEASIBLE' } });
    expect(job.error?.message).toContain('4 of 4 trials of generation 0 cannot be trained (NAN_LOSS: 4)');
  });

  it('leaves a baseline out, and says so', async () => {
    const madeUp: MadeUp = (spec) => (spec.technique.type === 'LORA' ? 'NAN_LOSS' : smooth(spec));
    const job = await jobs.run({ evaluation, search: { biotune: small }, baselines: ['LORA', 'L2_SP'] }, madeUp);
    expect(job.result?.scores.map(({ method }) => method)).toEqual(['BIOTUNE', 'L2_SP']);
    expect(job.result?.warnings).toContainEqual(expect.stringMatching(/^LORA is missing/));
  });

  it('says so when it is the search that could not be trained on all the data', async () => {
    const madeUp: MadeUp = (spec) => (spec.technique.type === 'BLOCKS' && spec.keepWeights ? 'NAN_LOSS' : smooth(spec));
    const job = await jobs.run({ evaluation, search: { biotune: small }, baselines: ['LORA'] }, madeUp);
    expect(job.result?.method).toBe('LORA');
    expect(job.result?.verdict).toMatch(/^The search's winner could not be trained on all the data/);
  });

  it('is no candidate for the finals once it has failed on all the data', async () => {
    const madeUp: MadeUp = (spec) => (spec.foldCount === 1 ? 'NAN_LOSS' : smooth(spec));
    const job = await jobs.run({ evaluation, search: { biotune: small }, baselines: [] }, madeUp);
    expect(job.error?.message).toMatch(/No trial of the search could be trained \(.*BIOTUNE NAN_LOSS: 3\)/);
    expect(ofPhase(await jobs.trials(job.id), 'FINALS')).toEqual([]);
  });
});

it('comes to the same end whether tasks are done at once, or one between two steps of ever new coordinators', async () => {
  const request = { evaluation, search: { seed: 9, biotune: small }, baselines: ['SUFFIX_GRID'] };
  const atOnce = await jobs.run(request, smooth);
  const inTurn = await jobs.run(request, smooth, { taskCountMax: 1, takesOver: true });
  const plain = async ({ id }: FineTuneJob) =>
    (await jobs.trials(id)).map(({ phase, method, generation, slot, lrMultipliers, fitness }) => [
      [phase, method, generation, slot],
      lrMultipliers,
      fitness,
    ]);
  expect(await plain(inTurn)).toEqual(await plain(atOnce));
  const figures = (job: FineTuneJob) =>
    job.result?.scores.map(({ method, validationAccuracy, testAccuracy, cost }) => [
      method,
      validationAccuracy,
      testAccuracy,
      cost,
    ]);
  expect(figures(inTurn)).toEqual(figures(atOnce));
});

it('says what a constraint does not bind', async () => {
  const blockConstraints = [{ blockId: 'stem', policy: 'FREEZE' }];
  const madeUp: MadeUp = ({ technique }) => ({ validation: technique.type === 'L2_SP' ? 0.9 : 0.5, test: 0.5 });
  const job = await jobs.run(
    { evaluation, search: { biotune: small, blockConstraints }, baselines: ['L2_SP'] },
    madeUp,
  );
  expect(job.result?.warnings).toContainEqual(expect.stringContaining('The delivered L2_SP trains stem'));
});

it('runs baselines alone where no search is asked for', async () => {
  const baselines = ['LINEAR_PROBE', 'FULL_FINE_TUNE_TUNED'];
  const job = await jobs.run({ search: { type: 'NONE' }, baselines }, smooth);
  expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { generationCount: 0, trialCount: 5 } });
  expect(job.result?.scores.map(({ method }) => method)).toEqual(baselines);
  expect(job.result?.genome).toBeUndefined();
  expect(job.result?.comparison).toBeUndefined();
  expect(job.result?.verdict).toMatch(/^No search was run/);
});

describe('the estimate', () => {
  it('counts the trainings that the job then takes, at most', async () => {
    const request = {
      evaluation,
      search: { seed: 5, biotune: { ...small, mode: 'PAPER' } },
      baselines: ['SUFFIX_GRID', 'L1_SP', 'LORA'],
      finals: { finalistCount: 2, seedCount: 2 },
    };
    const estimate = await jobs.estimate(request);
    const job = await jobs.run(request, smooth);
    expect(estimate.methods.map(({ method, trialCount }) => [method, trialCount])).toEqual([
      ['BIOTUNE', 9],
      ['SUFFIX_GRID', 27],
      ['L1_SP', 4],
      ['LORA', 0],
    ]);
    const counts = job.result?.scores.map(({ cost }) => cost.trainingCount);
    expect(estimate.methods.map(({ cost }) => cost.trainingCount)).toEqual(counts);
    expect(estimate.cost.trainingCount).toBe(job.result?.cost.trainingCount);
    const { trainingCount, epochCount, multiplyAccumulates } = estimate.cost;
    expect(job.result?.estimate).toEqual({ trainingCount, epochCount, multiplyAccumulates });
  });

  it('warns of a search that 30 images cannot guide, before it has cost anything', async () => {
    const { resolution, warnings } = await jobs.estimate({});
    expect(resolution?.imageCount).toBe(30);
    expect(resolution?.smallestDifference).toBeGreaterThan(resolution?.expectedGain.median ?? 1);
    expect(warnings).toEqual([expect.stringContaining('It will choose largely by luck')]);
  });

  it('needs images that are imported', async () => {
    const { client, bucket } = await createTestBucket();
    for (const key of ['raw/bag/1.png', 'raw/hat/1.png']) await client.putObject(bucket, key, Buffer.from('pixels'));
    await expect(jobs.estimate({ dataset: `s3://${bucket}/raw` })).rejects.toThrow('raw is not imported');
  });
});
