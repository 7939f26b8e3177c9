export const PROJECT = 'demo';

/**
 * Only `dataset` and `baseModel` are required. The rest makes the job fit two CPU cores and a few minutes: few training
 * images, many test images, a small input, a small search and short trainings.
 *
 * @param {string} dataset `s3://bucket/prefix`
 */
export const jobRequest = (dataset) => ({
  dataset,
  baseModel: 'baseModels/efficientnet-lite0.imagenet',
  displayName: 'Fashion, 30 training images a class',
  data: {
    split: { trainFraction: 0.1, validationFraction: 0.1, testFraction: 0.8 },
    imageSizePx: 64,
  },
  training: { epochCount: 6, batchSize: 32 },
  search: { seed: 1, biotune: { populationSize: 6, eliteCount: 4 } },
  finals: { finalistCount: 2, seedCount: 1 },
  output: { model: 'fashion' },
});
