import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

const SIZES = [64, 96];

/** The higher the learning rate and the larger the images, the better. */
const madeUp: MadeUp = ({ network, training, lrMultipliers, seed }) => {
  const large = network.imageSizePx === 96 ? 0.2 : 0;
  const trained = lrMultipliers.filter((factor) => factor > 0).length;
  return { validation: 0.5 + large + training.baseLearningRate * 10 + trained / 1000 + (seed % 7) / 1e5, test: 0.6 };
};

describe('a job whose search leaves the image size and the learning rate open', () => {
  const request = {
    data: { imageSizePx: 64 },
    search: {
      biotune: { mode: 'ACCELERATED', generationCount: 2 },
      space: { imageSizePx: SIZES, baseLearningRate: { min: 1e-4, max: 1e-2 } },
      objectives: ['INFERENCE_MULTIPLY_ACCUMULATES', 'TRAINED_PARAMETERS'],
    },
    baselines: ['RANDOM_SEARCH', 'LP_FT'],
    finals: { finalistCount: 2, seedCount: 2 },
  };
  let job: FineTuneJob;
  let trials: readonly Trial[];

  beforeAll(async () => {
    job = await jobs.run(request, madeUp);
    trials = await jobs.trials(job.id);
  });

  const ofMethod = (method: Trial['method'], phase: Trial['phase']) =>
    trials.filter((trial) => trial.method === method && trial.phase === phase);

  it('tries the anchors as the job says, then other settings, beside a random search of the same space', () => {
    const [first, ...others] = ofMethod('BIOTUNE', 'SEARCH').map(({ settings }) => settings);
    expect(first).toEqual({ imageSizePx: 64, baseLearningRate: 1e-3 });
    expect(new Set(others.map((settings) => settings?.imageSizePx))).toEqual(new Set(SIZES));
    const drawn = ofMethod('RANDOM_SEARCH', 'SEARCH').map(({ settings }) => settings);
    expect(new Set(drawn.map((settings) => settings?.imageSizePx))).toEqual(new Set(SIZES));
    expect(new Set(drawn.map((settings) => settings?.baseLearningRate)).size).toBe(drawn.length);
  });

  it('tells workers the settings of the candidate, in every phase, and other methods those of the job', async () => {
    const tasks = (await jobs.tasks(job.id)).flatMap(({ trialId, spec }) =>
      'train' in spec ? [{ trialId, train: spec.train }] : [],
    );
    for (const { trialId, train } of tasks) {
      const settings = trials.find(({ id }) => id === trialId)?.settings;
      expect(train.network.imageSizePx).toBe(settings?.imageSizePx ?? 64);
      expect(train.training.baseLearningRate).toBe(settings?.baseLearningRate ?? 1e-3);
    }
    expect(ofMethod('LP_FT', 'FINALS').map(({ settings }) => settings)).toEqual([undefined]);
    expect(ofMethod('BIOTUNE', 'SELECTION')[0]?.settings).toMatchObject({ imageSizePx: 96 });
  });

  it('scores each model at the image size that it was trained at', async () => {
    const scored = (await jobs.tasks(job.id)).flatMap(({ trialId, spec }) =>
      'score' in spec ? [{ trialId, sizePx: spec.score.network.imageSizePx }] : [],
    );
    expect(scored).toHaveLength(6);
    for (const { trialId, sizePx } of scored) {
      expect(sizePx).toBe(trials.find(({ id }) => id === trialId)?.settings?.imageSizePx ?? 64);
    }
    expect(new Set(scored.map(({ sizePx }) => sizePx))).toEqual(new Set(SIZES));
  });

  it('delivers a model whose files tell the image size and the protocol of the winner', async () => {
    expect(job.result).toMatchObject({ settings: { imageSizePx: 96 } });
    expect(job.result?.settings).toEqual(ofMethod(job.result?.method ?? 'LP_FT', 'FINALS')[0]?.settings);
    expect(job.best).toMatchObject({ settings: { imageSizePx: 96 } });
    expect(await jobs.modelFile(job, 'preprocess.json')).toMatchObject({ cropPx: 96 });
    expect(await jobs.modelFile(job, 'lineage.json')).toMatchObject({
      training: { baseLearningRate: job.result?.settings?.baseLearningRate },
    });
  });

  it('tells the Pareto front: the selected winner first, and cheaper candidates of which none is better in all', () => {
    const front = job.result?.paretoFront ?? [];
    const trialOf = (name: string | undefined) => trials.find((trial) => trial.name === name);
    expect(trialOf(front[0]?.trial)).toMatchObject({
      phase: 'SELECTION',
      method: 'BIOTUNE',
      settings: { imageSizePx: 96 },
    });
    expect(front.map(({ trial }) => trialOf(trial)?.settings?.imageSizePx)).toContain(64);
    expect(front.length).toBeLessThan(ofMethod('BIOTUNE', 'SEARCH').length);
    const figures = front.map(({ validationFigure }) => validationFigure);
    expect(figures).toEqual(figures.toSorted((a, b) => b - a));
    for (const { inferenceMultiplyAccumulates: work = NaN, trainedParameterCount = NaN } of front) {
      expect(work).toBeGreaterThan(0);
      expect(trainedParameterCount).toBeGreaterThan(0);
    }
  });

  it('comes to the same candidates by whoever leads it', async () => {
    const again = await jobs.run(request, madeUp, { taskCountMax: 1, takesOver: true });
    const candidates = (all: readonly Trial[]) =>
      all
        .filter(({ phase }) => phase === 'SEARCH')
        .map(({ method, generation, slot, lrMultipliers, settings }) => ({
          method,
          generation,
          slot,
          lrMultipliers,
          settings,
        }));
    expect(candidates(await jobs.trials(again.id))).toEqual(candidates(trials));
  });
});

describe('a space that does not fit', () => {
  const search = { biotune: { mode: 'ACCELERATED' } };

  it('the base model is refused', async () => {
    await expect(jobs.create({ search: { ...search, space: { imageSizePx: [64, 8] } } })).rejects.toMatchObject({
      reason: 'INPUT_TOO_SMALL',
      violations: [{ pointer: '/search/space/imageSizePx/1' }],
    });
  });

  it('the images is refused', async () => {
    await expect(jobs.create({ search: { ...search, space: { batchSize: [16, 1000] } } })).rejects.toMatchObject({
      reason: 'BATCH_TOO_LARGE',
      message: expect.stringContaining('search.space.batchSize is 1000') as unknown,
    });
  });
});

it('a job without objectives has no front', async () => {
  const job = await jobs.run({ search: { biotune: { mode: 'ACCELERATED' } }, baselines: [] }, madeUp);
  expect(job.result?.paretoFront).toEqual([]);
  expect(job.result).not.toHaveProperty('settings');
});
