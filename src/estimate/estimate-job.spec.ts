import { describe, expect, it } from 'vitest';
import { imageCountsOf } from '../domain/dataset/dataset-folds.js';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import type { FittedSpec } from '../domain/job/fine-tune-job.js';
import { methodOf } from '../methods/method-table.js';
import { networkByArchitecture } from '../networks/registry.js';
import { type AcceleratedConfig, planAccelerated } from '../search/accelerated/accelerated.js';
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
    reproducibility: 'RECORDED',
    output: { model: 'flowers' },
  };
}

const estimateOf = (request: object) =>
  estimateJob({ spec: specOf(request), baseModel, classes, multiplyAccumulatesPerSecond: undefined });

const accelerated = { search: { biotune: { mode: 'ACCELERATED' } }, baselines: [] };

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
  const { seed, biotune, accelerated: parts } = spec.search;
  const config: AcceleratedConfig = { ...parts, ...biotune, seed, rules, initialCandidates: [] };
  const tried: { generation: number; slot: number; genome: readonly number[]; fitness: number }[] = [];
  for (let next = planAccelerated(config, tried); next.kind !== 'DONE'; next = planAccelerated(config, tried)) {
    tried.push(...next.trials.map((trial) => ({ ...trial, fitness: fitnessOf(trial.genome) })));
  }
  const setting = { spec, costs: networkCosts(network, 96, classes.length), rules };
  const costOf = (candidate: readonly number[]) => {
    const searched = [{ lrMultipliers: [...candidate] }];
    return estimateTraining(methodOf('BIOTUNE'), { ...setting, searched }, imageCountsOf(classes, 1))
      .multiplyAccumulates;
  };
  const ranked = tried.toSorted((a, b) => a.fitness - b.fitness).map(({ genome }) => costOf(genome));
  const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0);
  const { finalistCount, seedCount } = spec.finals;
  return sum(ranked) + seedCount * sum(ranked.slice(0, finalistCount)) + seedCount * (ranked[0] ?? NaN);
}

describe('the estimate of an ACCELERATED job', () => {
  const { cost, methods } = estimateOf(accelerated);

  it.each(Object.keys(LANDSCAPES))('is within a quarter of what it takes where %s', (landscape) => {
    const fitnessOf = LANDSCAPES[landscape] ?? (() => NaN);
    expect(Math.abs(cost.multiplyAccumulates / actual(fitnessOf) - 1)).toBeLessThan(0.25);
  });

  it('counts trials, choice and finals', () => {
    expect(methods.map(({ method, trialCount }) => [method, trialCount])).toEqual([['BIOTUNE', 13]]);
    expect(cost.trainingCount).toBe(13 + 3 * 3 + 3);
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
  const { trainSeconds: _seconds, ...counts } = estimateJob(job).cost;
  expect(priorEstimate(job)).toEqual(counts);
});
