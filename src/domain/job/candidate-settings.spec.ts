import { expect, it } from 'vitest';
import { withSettings } from './candidate-settings.js';
import { createFineTuneJobSchema } from './create-fine-tune-job.js';

const specOf = (training: object = {}) => {
  const request = {
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { biotune: { mode: 'ACCELERATED' } },
    training,
  };
  const { data, training: filled } = createFineTuneJobSchema.parse(request);
  return { training: filled, data: { ...data, imageSizePx: 224 } };
};

it('a candidate without settings trains by the spec of its job', () => {
  expect(withSettings(specOf())).toEqual(specOf());
});

it('a candidate trains by what it sets, and by the spec in all else', () => {
  const settings = {
    baseLearningRate: 0.01,
    labelSmoothing: 0.1,
    weightDecay: 0.001,
    batchSize: 8,
    augmentation: 'LIGHT',
    imageSizePx: 96,
  } as const;
  const { baseLearningRate, labelSmoothing, weightDecay, batchSize, augmentation, imageSizePx } = settings;
  const { training, data } = specOf({ batchSize: 32 });
  expect(withSettings({ training, data }, settings)).toEqual({
    training: { ...training, baseLearningRate, labelSmoothing, weightDecay, batchSize },
    data: { ...data, augmentation, imageSizePx },
  });
});

it('patience and cosine follow the epochs of the candidate', () => {
  expect(withSettings(specOf({ epochCount: 10 }), { epochCount: 4 }).training).toMatchObject({
    epochCount: 4,
    patienceEpochs: 4,
    cosineEpochCount: 4,
  });
});

it('patience and cosine that the request names stay', () => {
  const named = specOf({ epochCount: 10, patienceEpochs: 3, cosineEpochCount: 100 });
  expect(withSettings(named, { epochCount: 20 }).training).toMatchObject({
    epochCount: 20,
    patienceEpochs: 3,
    cosineEpochCount: 100,
  });
});

it('the pull of a candidate is no part of the protocol', () => {
  expect(withSettings(specOf(), { alpha: 0.1 })).toEqual(specOf());
});
