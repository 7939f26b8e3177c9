import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobHarness, type MadeUp } from './job-harness.js';

/** Two folds of 15 training images each. */
const madeUp = { labels: ['bag', 'sneaker', 'trouser'], imageCount: { train: 10, validation: 4, test: 10 } };
const good: MadeUp = () => ({ validation: 0.8, test: 0.7 });
const search = { biotune: { populationSize: 2, eliteCount: 1, generationCount: 0 } };

let jobs: JobHarness;
beforeAll(async () => {
  jobs = await JobHarness.start({ madeUp });
});
afterAll(() => jobs.stop());

describe('a job that names no batch size', () => {
  const request = { training: { batchSize: undefined }, search, baselines: [] };

  it('has the largest that its images allow, and trains with it', async () => {
    const created = await jobs.create(request);
    expect(created.spec.training.batchSize).toBe(15);
    const job = await jobs.run(request, good);
    expect(job).toMatchObject({ state: 'SUCCEEDED', spec: { training: { batchSize: 15 } } });
    const sizes = (await jobs.tasks(job.id)).flatMap(({ spec }) =>
      'train' in spec ? [spec.train.training.batchSize] : [],
    );
    expect(new Set(sizes)).toEqual(new Set([15]));
  });

  it('has none before its images are imported, and then one from the transaction that queues it', async () => {
    const { name, activate } = await jobs.importing();
    const { id, spec } = await jobs.create({ ...request, dataset: name });
    expect(spec.training.batchSize).toBeUndefined();
    const { leadership, runner } = await jobs.lead(id);
    await runner.advance(leadership);
    await activate();
    await runner.advance(leadership);
    expect(await jobs.get(id)).toMatchObject({ state: 'QUEUED', spec: { training: { batchSize: 15 } } });
  });
});

describe('a batch size that the caller has named', () => {
  const request = { training: { batchSize: 16 }, search };

  it('is refused where it does not fit the images, as it is by an estimate', async () => {
    const refused = expect.objectContaining({
      reason: 'BATCH_TOO_LARGE',
      message: expect.stringContaining('batchSize is 16, and a fold of'),
      metadata: { batchSize: '16', imageCount: '15' },
    });
    await expect(jobs.create(request)).rejects.toEqual(refused);
    await expect(jobs.estimate(request)).rejects.toEqual(refused);
  });

  it('ends the job where the images turn out to be too few', async () => {
    const { name, activate } = await jobs.importing();
    const { id } = await jobs.create({ ...request, dataset: name });
    const { leadership, runner } = await jobs.lead(id);
    await activate();
    expect(await runner.advance(leadership)).toEqual({ next: 'ENDED' });
    expect(await jobs.get(id)).toMatchObject({ state: 'FAILED', error: { reason: 'BATCH_TOO_LARGE' } });
  });

  it('is kept where it fits', async () => {
    const { spec } = await jobs.create({ ...request, training: { batchSize: 8 } });
    expect(spec.training.batchSize).toBe(8);
  });
});

it('refuses more folds than a class has images for, before a job is made', async () => {
  const request = { data: { searchFraction: 0.2 }, training: { batchSize: undefined }, search };
  await expect(jobs.create(request)).rejects.toMatchObject({ reason: 'TOO_FEW_IMAGES_PER_CLASS' });
  await expect(jobs.estimate(request)).rejects.toMatchObject({ reason: 'TOO_FEW_IMAGES_PER_CLASS' });
});
