import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec } from '../../domain/job/fine-tune-job.js';
import { fitToDataset } from './job-specs.js';

const datasetOf = (trainCount: number) => ({
  name: 'projects/p/datasets/d/versions/1',
  classes: ['cat', 'dog'].map((label, index) => ({
    label,
    index,
    imageCount: { train: trainCount / 2, validation: 50, test: 50 },
  })),
});

/** The part of a spec that its images decide; the rest is as a request leaves it. */
function specOf(training: object, mode = 'ACCELERATED'): FineTuneJobSpec {
  const request = { baseModel: 'a', dataset: 's3://bucket/prefix', training, search: { biotune: { mode } } };
  return createFineTuneJobSchema.parse(request) as unknown as FineTuneJobSpec;
}

const fitted = (trainCount: number, training: object = {}, mode?: string) => {
  const { batchSize, epochCount, patienceEpochs, cosineEpochCount } = fitToDataset(
    specOf(training, mode),
    datasetOf(trainCount),
  ).training;
  return { batchSize, epochCount, patienceEpochs, cosineEpochCount };
};

describe('fitToDataset', () => {
  it('leaves the epochs of an accelerated job alone where they have steps enough', () => {
    expect(fitted(400)).toEqual({ batchSize: 32, epochCount: 10, patienceEpochs: 10, cosineEpochCount: 10 });
  });

  it('raises the epochs of an accelerated job on few images, and its schedule with them', () => {
    expect(fitted(50)).toEqual({ batchSize: 32, epochCount: 50, patienceEpochs: 50, cosineEpochCount: 50 });
  });

  it('leaves alone what the request says of the schedule', () => {
    const training = { stepCountMin: 40, epochCount: 4, patienceEpochs: 3, cosineEpochCount: 100, batchSize: 25 };
    expect(fitted(50, training)).toEqual({ batchSize: 25, epochCount: 20, patienceEpochs: 3, cosineEpochCount: 100 });
  });

  it('raises the epochs for the fewer images of a search that divides them anew', () => {
    const { evaluation, ...spec } = specOf({});
    // 300 images: 150 in each training of two, 200 else.
    const redivided = { ...spec, evaluation: { ...evaluation, division: 'REDIVIDED' as const, seedCount: 2 } };
    expect(fitToDataset({ ...spec, evaluation }, datasetOf(200)).training).toMatchObject({ epochCount: 15 });
    expect(fitToDataset(redivided, datasetOf(200)).training).toMatchObject({ batchSize: 32, epochCount: 20 });
  });

  it('raises no epochs above their largest number', () => {
    expect(fitted(50, { stepCountMin: 100_000 })).toMatchObject({ epochCount: 1000 });
  });

  it('knows no floor of steps in the modes of the paper', () => {
    const asPublished = { batchSize: 96, epochCount: 30, patienceEpochs: 3, cosineEpochCount: 100 };
    expect(fitted(400, {}, 'PAPER')).toEqual(asPublished);
    expect(fitted(50, {}, 'PAPER_FAST')).toEqual({ ...asPublished, batchSize: 24 });
  });

  it('comes to the same when it is done again', () => {
    const once = fitToDataset(specOf({}), datasetOf(50));
    expect(fitToDataset(once, datasetOf(50))).toEqual(once);
  });
});
