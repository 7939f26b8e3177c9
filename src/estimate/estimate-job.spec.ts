import { describe, expect, it } from 'vitest';
import { imageCountsOf } from '../domain/dataset/dataset-folds.js';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import type { FittedSpec } from '../domain/job/fine-tune-job.js';
import { methodOf } from '../methods/method-table.js';
import { networkByArchitecture } from '../networks/registry.js';
import { type AcceleratedConfig, planAccelerated } from '../search/accelerated/accelerated.js';
import type { Tried } from '../search/accelerated/race.js';
import { placeOf } from '../search/history.js';
import { rungsOf } from '../search/search-plan.js';
import { estimateJob, priorEstimate } from './estimate-job.js';
import { estimateTraining, networkCosts } from './training-estimate.js';

const architecture = 'efficientnet-lite0';
const network = networkByArchitecture(architecture);
const baseModel = { architecture, blocks: network.blocks.map(({ id }) => ({ id })) };
const rules = network.blocks.map(() => ({ policy: 'FREE' as const }));
const classes = Array.from({ length: 10 }, (_, index) => ({
  label: `class ${index}`,
  index,
  imageCount: { train: 40, validation: 20, test: 240 },
}));

function specOf(request: object): FittedSpec {
  const { data, training, search, ...rest } = createFineTuneJobSchema.parse({
    baseModel: 'efficientnet-lite0.imagenet',
    dataset: 's3://photos/flowers',
    ...request,
  });
  return {
    ...rest,
    data: { ...data, imageSizePx: 96 },
    training: { ...training, batchSize: 32 },
    search: { ...search, seed: 3 },
    warmStartGenomes: [],
    warmStartCandidates: [],
    priorCandidates: [],
    reproducibility: 'RECORDED',
    output: { model: 'flowers' },
  };
}

const estimateOf = (request: object) =>
  estimateJob({ spec: specOf(request), baseModel, classes, multiplyAccumulatesPerSecond: undefined });

const accelerated = { search: { biotune: { mode: 'ACCELERATED' } }, baselines: [] };
const withoutRungs = { ...accelerated.search, accelerated: { usesRungs: false } };

/** What searches may find to be good: lower is better. */
const LANDSCAPES: Record<string, (candidate: readonly number[]) => number> = {
  'few blocks are good': (candidate) => candidate.filter((rate) => rate > 0).length,
  'all blocks are good': (candidate) => candidate.filter((rate) => rate === 0).length,
  'early blocks are good': (candidate) => candidate.findIndex((rate) => rate > 0),
  'it is a matter of rates': (candidate) => Math.abs(candidate.reduce((sum, rate) => sum + rate, 0) - 7),
};

/** The multiply-accumulates of a job whose search tries what the planner says, and then chooses and reports as jobs do. */
function actual(fitnessOf: (candidate: readonly number[]) => number): number {
  const spec = specOf(accelerated);
  const { tried, epochCounts } = searched(spec, fitnessOf);
  const setting = { spec, costs: networkCosts(network, 96, classes.length), rules };
  const costOf = ({ genome }: Tried, epochCount?: number) => {
    const candidates = [{ lrMultipliers: [...genome.lrMultipliers] }];
    const images = imageCountsOf(classes, 1);
    return estimateTraining(methodOf('BIOTUNE'), { ...setting, searched: candidates }, images, epochCount)
      .multiplyAccumulates;
  };
  const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0);
  const ended = tried.flatMap((trial) => (trial.fitness === undefined ? [] : [{ ...trial, fitness: trial.fitness }]));
  const ranked = ended.toSorted((a, b) => a.fitness - b.fitness).map((trial) => costOf(trial));
  const { finalistCount, seedCount } = spec.finals;
  return (
    sum(tried.map((trial) => costOf(trial, epochCounts.get(placeOf(trial))))) +
    seedCount * (sum(ranked.slice(0, finalistCount)) + (ranked[0] ?? NaN))
  );
}

/** What a search tries where losses say all of fitness, and the epochs that each candidate came to. */
function searched(spec: FittedSpec, fitnessOf: (candidate: readonly number[]) => number) {
  const { seed, biotune, accelerated: parts } = spec.search;
  const rungs = rungsOf(spec);
  const config: AcceleratedConfig = {
    ...parts,
    ...biotune,
    seed,
    rules,
    initialCandidates: [],
    rungEpochCounts: rungs,
  };
  const tried = new Map<string, Tried>();
  const epochCounts = new Map<string, number>();
  for (;;) {
    const next = planAccelerated(config, [...tried.values()]);
    if (next.kind === 'DONE') return { tried: [...tried.values()], epochCounts };
    for (const { generation, slot, genome, rung } of next.trials) {
      const fitness = fitnessOf(genome.lrMultipliers);
      const losses = Array<number>(rung === undefined ? rungs.length : rung + 1).fill(fitness);
      const place = placeOf({ generation, slot });
      tried.set(place, { generation, slot, genome, losses, ...(rung === undefined && { fitness }) });
      epochCounts.set(place, (rung === undefined ? undefined : rungs[rung]) ?? spec.training.epochCount);
    }
  }
}

describe('the estimate of an ACCELERATED job', () => {
  const { cost, methods } = estimateOf(accelerated);

  it.each(Object.keys(LANDSCAPES))('is within a third of what it takes where %s', (landscape) => {
    const fitnessOf = LANDSCAPES[landscape] ?? (() => NaN);
    expect(Math.abs(cost.multiplyAccumulates / actual(fitnessOf) - 1)).toBeLessThan(1 / 3);
  });

  it('counts trials, choice and finals', () => {
    expect(methods.map(({ method, trialCount }) => [method, trialCount])).toEqual([
      ['BIOTUNE', 11],
      ['SOUP', 0],
    ]);
    expect(cost.trainingCount).toBe(11 + 3 * 2 + 2);
  });

  it('counts the trainings of a search on parts of all images by the images of those', () => {
    const plain = { ...accelerated, finals: { finalistCount: 1, seedCount: 1 }, search: withoutRungs };
    const workOf = (evaluation: object) => estimateOf({ ...plain, evaluation }).cost;
    const [one, two] = [1, 2].map((seedCount) => workOf({ seedCount }).multiplyAccumulates);
    const redivided = workOf({ seedCount: 2, division: 'REDIVIDED' });
    // Of 600 images each training has 300 and 300, where it has 400 and 200 else; an image of validation takes a forward pass.
    const perSeed = (two ?? NaN) - (one ?? NaN);
    const ratio = (redivided.multiplyAccumulates - ((one ?? NaN) - perSeed)) / (2 * perSeed);
    expect(redivided.trainingCount).toBe(2 * 11 + 1);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(0.95);
  });

  it('knows a first generation that is given by the caller', () => {
    const last = { genes: [0, 0, 0, 0, 0, 0, 0, 0.5, 0], threshold: 0.1 };
    const search = { biotune: { mode: 'ACCELERATED', generationCount: 0, populationSize: 2, eliteCount: 1 } };
    const given = { search: { ...search, initialGenomes: [last, { ...last, genes: last.genes.map(() => 0.5) }] } };
    const [cheap, dear] = [{ usesAnchors: false }, { usesAnchors: true }].map(
      (parts) =>
        estimateOf({ ...accelerated, search: { ...given.search, accelerated: parts } }).cost.multiplyAccumulates,
    );
    expect(cheap).toBe(dear);
  });
});

describe('the estimate of a soup', () => {
  const plain = estimateOf({ ...accelerated, finals: { usesSoup: false } });
  const souped = estimateOf(accelerated);
  const [search, soup] = souped.methods;
  const own = souped.cost.multiplyAccumulates - plain.cost.multiplyAccumulates;
  const { blocks } = networkCosts(network, 96, classes.length);
  const forward = blocks.reduce((sum, block) => sum + block.forward, 0);

  it('adds what the averaging takes to the job, and no training', () => {
    // Two seeds, three members; of 600 images, three parts of 200.
    expect(own / (2 * 3 * 200 * forward)).toBeCloseTo(1, 9);
    expect(souped.cost.trainingCount).toBe(plain.cost.trainingCount);
    expect(search).toEqual(plain.methods[0]);
  });

  it('has the search and the choice in the line of its own', () => {
    expect(soup).toMatchObject({ method: 'SOUP', trialCount: 0 });
    expect(soup?.cost.trainingCount).toBe((search?.cost.trainingCount ?? NaN) - 2);
    const withoutFinals = (soup?.cost.multiplyAccumulates ?? NaN) - own;
    expect(withoutFinals).toBeLessThan(search?.cost.multiplyAccumulates ?? NaN);
    expect(withoutFinals).toBeGreaterThan(0.5 * (search?.cost.multiplyAccumulates ?? NaN));
  });

  it('has none where there is one candidate to choose from', () => {
    const budget = { biotune: { mode: 'ACCELERATED', generationCount: 0, populationSize: 2, eliteCount: 1 } };
    const methods = (usesSoup: boolean) =>
      estimateOf({ ...accelerated, search: budget, budget: { trialCountMax: 1 }, finals: { usesSoup } }).methods;
    expect(methods(true)).toEqual(methods(false));
  });
});

describe('the estimate of a retraining', () => {
  const job = { ...accelerated, baselines: ['LINEAR_PROBE', 'FULL_FINE_TUNE'] };
  const plain = estimateOf({ ...job, finals: { usesSoup: false } });
  const retraining = estimateOf({ ...job, finals: { retrains: true } });
  const [line] = retraining.methods.slice(-1);
  const [full] = plain.methods.slice(-1);
  const own = retraining.cost.multiplyAccumulates - plain.cost.multiplyAccumulates;

  it('adds a training of the dearest method for each seed, on the images of train and validation together', () => {
    expect(retraining.cost.trainingCount).toBe(plain.cost.trainingCount + 2);
    expect(retraining.methods.slice(0, -1)).toEqual(plain.methods);
    // Of 600 images, two seeds train on 400 and validate on 200; one forward pass costs about a third of a training step.
    const ratio = own / (full?.cost.multiplyAccumulates ?? NaN);
    expect(ratio).toBeGreaterThan(600 / (400 + 200 / 2));
    expect(ratio).toBeLessThan(600 / 400);
  });

  it('has all of that method in its line', () => {
    expect(line).toMatchObject({ method: 'RETRAINED', trialCount: 0 });
    expect(line?.cost.multiplyAccumulates).toBe((full?.cost.multiplyAccumulates ?? NaN) + own);
    expect(line?.trainedParameterCount).toBe(full?.trainedParameterCount);
  });
});

describe('what a search will gain', () => {
  it('is told where a task near to it was measured in its mode', () => {
    const { expectedGain, warnings } = estimateOf({});
    expect(expectedGain?.sources.length).toBeGreaterThan(0);
    expect(warnings.some((warning) => warning.includes('will gain is not known'))).toBe(false);
  });

  it('is said to be unknown elsewhere', () => {
    const { expectedGain, warnings } = estimateOf({ search: { biotune: { mode: 'CODE_COMPAT' } } });
    expect(expectedGain).toBeUndefined();
    expect(warnings.at(-1)).toMatch(/^What the search will gain is not known: .* in mode CODE_COMPAT\.$/);
  });

  it('is no matter of a job without a search', () => {
    const { expectedGain, warnings } = estimateOf({ search: { type: 'NONE' }, baselines: ['SUFFIX_GRID'] });
    expect(expectedGain).toBeUndefined();
    expect(warnings.some((warning) => warning.includes('will gain'))).toBe(false);
  });
});

it('a result has of the estimate what it can be held against', () => {
  const spec = specOf(accelerated);
  const job = { spec, baseModel, classes, multiplyAccumulatesPerSecond: 1e9 };
  const { cost, expectedGain } = estimateJob(job);
  const { trainSeconds: _seconds, ...counts } = cost;
  expect(priorEstimate(job)).toEqual({ ...counts, expectedGain });
});

/** What the methods of a job take whose search leaves settings open. */
function estimatedInSpace(space: object, { epochCount = 10, imageSizePx = 96, augmentation = 'NONE' } = {}) {
  const { data, ...spec } = specOf({
    search: { biotune: { mode: 'ACCELERATED' }, space },
    baselines: ['RANDOM_SEARCH', 'LP_FT'],
    data: { augmentation },
    training: { epochCount },
  });
  const job = { baseModel, classes, multiplyAccumulatesPerSecond: undefined };
  const { methods } = estimateJob({ ...job, spec: { ...spec, data: { ...data, imageSizePx } } });
  return Object.fromEntries(methods.map(({ method, cost }) => [method, cost]));
}

const work = (found: ReturnType<typeof estimatedInSpace>, method: string) => found[method]?.multiplyAccumulates ?? NaN;

describe('the estimate of a search that leaves settings open', () => {
  it.each(['BIOTUNE', 'RANDOM_SEARCH'])(
    'counts the trainings of %s at the mean over image sizes and augmentations',
    (method) => {
      const parts = [64, 96].flatMap((imageSizePx) =>
        ['NONE', 'LIGHT'].map((augmentation) => work(estimatedInSpace({}, { imageSizePx, augmentation }), method)),
      );
      const mean = parts.reduce((sum, part) => sum + part, 0) / 4;
      const found = work(estimatedInSpace({ imageSizePx: [64, 96], augmentation: ['NONE', 'LIGHT'] }), method);
      expect(found / mean).toBeCloseTo(1, 12);
      expect(new Set(parts).size).toBe(4);
    },
  );

  it('counts epochs at the middle of their range', () => {
    const open = estimatedInSpace({ epochCount: { min: 2, max: 6 } });
    expect(open['BIOTUNE']).toEqual(estimatedInSpace({}, { epochCount: 4 })['BIOTUNE']);
  });

  it('counts other methods as the job says', () => {
    expect(estimatedInSpace({ imageSizePx: [96], epochCount: { min: 2, max: 2 } })['LP_FT']).toEqual(
      estimatedInSpace({})['LP_FT'],
    );
  });
});
