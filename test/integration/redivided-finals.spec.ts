import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { StoredTask, TrainSpec } from '../../src/domain/task.js';
import type { ValidationPredictions } from '../../src/domain/validation-predictions.js';
import { JobHarness, type MadeUp } from './job-harness.js';

/** 120 images of train, 60 of validation: three parts. */
const IMAGE_COUNT = 180;
const PART_COUNT = 3;

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

const total = ({ lrMultipliers }: Pick<TrainSpec, 'lrMultipliers'>) => lrMultipliers.reduce((sum, one) => sum + one, 0);
const isFull = ({ lrMultipliers }: Pick<TrainSpec, 'lrMultipliers'>) => lrMultipliers.every((one) => one === 1);

/**
 * Candidates of the search are the better by their own figures the more they train, and all miss four images more than every
 * tenth: other ones each. A probe is cheap, and misses what `probeMisses` says.
 */
const madeUp =
  (probeMisses: (place: number) => boolean): MadeUp =>
  (spec) => {
    const isTenth = (place: number) => place % 10 === 0;
    if (spec.technique.type === 'LINEAR_PROBE') {
      return { validation: 0.5, test: 0.5, multiplyAccumulates: 1e8, wrong: (p) => isTenth(p) || probeMisses(p) };
    }
    if (isFull(spec)) return { validation: 0.6, test: 0.6, multiplyAccumulates: 3e10, wrong: (p) => p % 3 === 0 };
    const own = 1 + (Math.round(total(spec) * 1000) % 40);
    return {
      validation: 0.7 + Math.min(0.2, total(spec) / 100),
      test: 0.8,
      multiplyAccumulates: 1e9 * (1 + total(spec)),
      wrong: (place) => isTenth(place) || place % 45 === own,
    };
  };

/** The trainings of a phase with what they have kept, by method and place. */
async function kept(id: string, prefix: 'selection' | 'final') {
  const found = new Map<string, { spec: TrainSpec; cost: number; predicted: ValidationPredictions }[]>();
  for (const task of await jobs.tasks(id)) {
    const [phase, ...place] = task.key.split('/');
    if (phase !== prefix || !('train' in task.spec)) continue;
    const name = place.slice(0, -1).join('/');
    const predicted = await jobs.storedPredictions(task);
    found.set(name, [...(found.get(name) ?? []), { spec: task.spec.train, cost: costOf(task), predicted }]);
  }
  return found;
}

const costOf = ({ result }: StoredTask) =>
  result !== undefined && 'train' in result ? result.train.multiplyAccumulates : NaN;

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether each image is recognised, by its place. */
function rightOf(trainings: readonly { predicted: ValidationPredictions }[]): number[] {
  const right = Array<number>(IMAGE_COUNT).fill(NaN);
  for (const { predicted } of trainings) {
    for (const [index, place] of predicted.images.entries()) {
      right[place] = Number(predicted.predictions[index] === predicted.labels[index]);
    }
  }
  return right;
}

/** The choice of the cheapest within one paired standard error, by the formula for means instead of a bootstrap. */
function choiceAmong(contenders: Awaited<ReturnType<typeof kept>>) {
  const rows = [...contenders].map(([name, trainings]) => ({
    name,
    right: rightOf(trainings),
    cost: meanOf(trainings.map(({ cost }) => cost)),
  }));
  const [best] = rows.toSorted((a, b) => meanOf(b.right) - meanOf(a.right) || a.cost - b.cost);
  if (best === undefined) throw new Error('nothing was trained');
  const lags = rows.map((row) => {
    const differences = best.right.map((value, place) => value - (row.right[place] ?? NaN));
    const difference = meanOf(differences);
    const variance = meanOf(differences.map((value) => (value - difference) ** 2));
    return { ...row, difference, standardError: Math.sqrt(variance / IMAGE_COUNT) };
  });
  const [chosen] = lags.filter((lag) => lag.difference <= lag.standardError).toSorted((a, b) => a.cost - b.cost);
  if (chosen === undefined) throw new Error('nothing is as good as itself');
  return { chosen, best };
}

const accelerated = {
  search: { seed: 5, biotune: { mode: 'ACCELERATED' } },
  baselines: ['LINEAR_PROBE', 'FULL_FINE_TUNE'],
  finals: { finalistCount: 2, seedCount: 3 },
};

describe('redivided finals', () => {
  let job: FineTuneJob;

  beforeAll(async () => {
    job = await jobs.run(
      accelerated,
      madeUp((place) => place % 30 === 2),
    );
  });

  it('are what an accelerated job has where the request is silent', () => {
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(job.spec.finals).toMatchObject({ division: 'REDIVIDED', choice: 'CHEAPEST_WITHIN_ONE_ERROR' });
  });

  it.each(['selection', 'final'] as const)('validate each method of the %s on every image once', async (phase) => {
    const found = await kept(job.id, phase);
    expect(found.size).toBe(phase === 'final' ? 3 : 2);
    for (const trainings of found.values()) {
      expect(trainings.map(({ spec }) => spec.division)).toEqual(
        [0, 1, 2].map((part) => ({ part, partCount: PART_COUNT })),
      );
      const images = trainings.flatMap(({ predicted }) => predicted.images);
      expect(images.toSorted((a, b) => a - b)).toEqual(Array.from({ length: IMAGE_COUNT }, (_, place) => place));
    }
  });

  it('leave the search on the division of the dataset', async () => {
    const searched = (await jobs.tasks(job.id)).filter(({ key }) => key.startsWith('search/'));
    expect(searched.length).toBeGreaterThan(0);
    for (const { spec } of searched) {
      expect('train' in spec && [spec.train.division, spec.train.keepPredictions]).toEqual([undefined, false]);
    }
  });

  it('report the candidate that the stored predictions choose, here not the one with the best figures', async () => {
    const selected = await kept(job.id, 'selection');
    const multipliersOf = (name: string) => selected.get(name)?.[0]?.spec.lrMultipliers;
    const { chosen } = choiceAmong(selected);
    const reported = job.result?.scores.find(({ method }) => method === 'BIOTUNE')?.lrMultipliers;
    expect(reported).toEqual(multipliersOf(chosen.name));
    const trials = (await jobs.trials(job.id)).filter(({ phase }) => phase === 'SELECTION');
    const [fittest] = trials.toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1));
    expect(fittest?.lrMultipliers).not.toEqual(reported);
  });

  it('deliver the cheap method where the stored predictions are within one standard error of the best', async () => {
    const { chosen, best } = choiceAmong(await kept(job.id, 'final'));
    const { method, delivery, verdict } = job.result ?? {};
    expect([chosen.name, best.name]).toEqual(['LINEAR_PROBE/0/1', 'BIOTUNE/0/0']);
    expect([method, delivery?.best]).toEqual(['LINEAR_PROBE', 'BIOTUNE']);
    expect(delivery?.difference).toBeCloseTo(chosen.difference, 12);
    expect(Math.abs((delivery?.standardError ?? NaN) / chosen.standardError - 1)).toBeLessThan(0.1);
    expect(delivery?.reason).toMatch(/^LINEAR_PROBE is the cheapest within one standard error of BIOTUNE/);
    expect(verdict).toContain(`Delivered is LINEAR_PROBE: ${delivery?.reason}`);
  });

  it('deliver the model of the first seed, and file what all models took their images for', async () => {
    expect(await jobs.modelFile(job, 'lineage.json')).toMatchObject({ trainingSeed: 100_000 });
    const filed = (await jobs.modelFile(job, 'validation-predictions.json')) as readonly object[];
    const finals = [...(await kept(job.id, 'final'))].flatMap(([name, trainings]) =>
      trainings.map(({ spec, predicted }) => ({ method: name.split('/')[0], seed: spec.seed, ...predicted })),
    );
    expect(filed).toHaveLength(9);
    expect(filed).toEqual(expect.arrayContaining(finals));
  });
});

it('delivers the best where nothing cheaper is within one standard error of it', async () => {
  const job = await jobs.run(
    accelerated,
    madeUp((place) => place % 5 === 0),
  );
  const { chosen, best } = choiceAmong(await kept(job.id, 'final'));
  expect(chosen).toMatchObject({ name: best.name });
  expect(job.result).toMatchObject({
    method: 'BIOTUNE',
    delivery: { best: 'BIOTUNE', difference: 0, standardError: 0 },
    comparison: { baseline: 'LINEAR_PROBE' },
  });
});

it('goes through the parts again where there are more seeds than parts', async () => {
  const job = await jobs.run(
    {
      search: { type: 'NONE', biotune: { mode: 'ACCELERATED' } },
      baselines: ['LINEAR_PROBE'],
      finals: { seedCount: 5 },
    },
    madeUp(() => false),
  );
  const [trainings = []] = (await kept(job.id, 'final')).values();
  expect(trainings.map(({ spec }) => spec.division?.part)).toEqual([0, 1, 2, 0, 1]);
  expect(job.result?.method).toBe('LINEAR_PROBE');
});

it('leaves the modes of the paper as they are: fixed images, and the best by its mean figure', async () => {
  const search = { seed: 3, biotune: { populationSize: 4, eliteCount: 1, generationCount: 1 } };
  const job = await jobs.run(
    { search, evaluation: { seedCount: 1 }, baselines: ['LINEAR_PROBE'], finals: { finalistCount: 2, seedCount: 2 } },
    madeUp(() => false),
  );
  expect(job.spec.finals).toMatchObject({ division: 'FIXED', choice: 'BEST' });
  const trained = (await jobs.tasks(job.id)).flatMap(({ spec }) => ('train' in spec ? [spec.train] : []));
  expect(new Set(trained.map(({ division }) => division))).toEqual(new Set([undefined]));
  // By its predictions the probe would be the best, and it is the cheapest.
  expect(job.result).toMatchObject({ method: 'BIOTUNE', delivery: { best: 'BIOTUNE', difference: 0 } });
  const trials = (await jobs.trials(job.id)).filter(
    ({ phase, method }) => phase === 'SELECTION' && method === 'BIOTUNE',
  );
  const [fittest] = trials.toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1));
  expect(job.result?.lrMultipliers).toEqual(fittest?.lrMultipliers);
});
