import { describe, expect, it } from 'vitest';
import { checkDatasetFits } from './dataset-fit.js';

const datasetOf = (...counts: readonly (readonly [train: number, validation: number])[]) => ({
  name: 'projects/p/datasets/d/versions/1',
  classes: counts.map(([train, validation], index) => ({
    label: `class ${index}`,
    index,
    imageCount: { train, validation, test: 1 },
  })),
});

describe('checkDatasetFits', () => {
  const demands = { foldCount: 2, batchSize: 12 };

  it('takes a dataset whose smallest fold is one batch', () => {
    expect(() => checkDatasetFits(datasetOf([13, 2], [12, 2]), demands)).not.toThrow();
  });

  it('refuses a batch that is larger than the smallest fold', () => {
    expect(() => checkDatasetFits(datasetOf([13, 2], [11, 2]), demands)).toThrow(
      expect.objectContaining({ reason: 'BATCH_TOO_LARGE', metadata: { batchSize: '12', imageCount: '11' } }),
    );
  });

  it.each([
    ['training', [1, 9]],
    ['validation', [99, 1]],
  ] as const)('refuses a class with too few %s images for every fold', (_, counts) => {
    expect(() => checkDatasetFits(datasetOf([99, 9], counts), demands)).toThrow(
      expect.objectContaining({
        reason: 'TOO_FEW_IMAGES_PER_CLASS',
        metadata: expect.objectContaining({ label: 'class 1' }),
      }),
    );
  });
});
