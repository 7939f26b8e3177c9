import { describe, expect, it } from 'vitest';
import {
  batchSizeOf,
  checkDatasetFits,
  classCountsOf,
  epochsOfSteps,
  imageCountsOf,
  imageStepOf,
  searchSlicesOf,
} from './dataset-folds.js';

type Counts = readonly [train: number, validation: number];

const classesOf = (...counts: readonly Counts[]) =>
  counts.map(([train, validation], index) => ({
    label: `class ${index}`,
    index,
    imageCount: { train, validation, test: 1 },
  }));

const datasetOf = (...counts: readonly Counts[]) => ({
  name: 'projects/p/datasets/d/versions/1',
  classes: classesOf(...counts),
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
    expect(() => checkDatasetFits(datasetOf([99, 9], counts), { foldCount: 2 })).toThrow(
      expect.objectContaining({
        reason: 'TOO_FEW_IMAGES_PER_CLASS',
        metadata: expect.objectContaining({ label: 'class 1' }),
      }),
    );
  });
});

describe('checkDatasetFits of images that are divided anew', () => {
  it('takes a batch that all but the largest part have', () => {
    // 27 images: parts of 9, or of 13 and 14.
    const dataset = datasetOf([10, 4], [9, 4]);
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 3, batchSize: 18 })).not.toThrow();
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 2, batchSize: 13 })).not.toThrow();
  });

  it('refuses a larger one, also where it would fit the division of the dataset', () => {
    const dataset = datasetOf([10, 4], [9, 4]);
    expect(() => checkDatasetFits(dataset, { foldCount: 1, batchSize: 14 })).not.toThrow();
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 2, batchSize: 14 })).toThrow(
      expect.objectContaining({
        reason: 'BATCH_TOO_LARGE',
        metadata: { batchSize: '14', imageCount: '13' },
        message: expect.stringContaining('raise evaluation.seedCount'),
      }),
    );
    // The finals have the training images of the dataset's own division, or more.
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 9, batchSize: 20 })).toThrow(/has 19 training/);
  });

  it('refuses a class with fewer images than parts', () => {
    const dataset = datasetOf([20, 9], [2, 1]);
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 3 })).not.toThrow();
    expect(() => checkDatasetFits(dataset, { foldCount: 1, partCount: 4 })).toThrow(
      expect.objectContaining({
        reason: 'TOO_FEW_IMAGES_PER_CLASS',
        metadata: { label: 'class 1', partCount: '4', train: '2', validation: '1' },
      }),
    );
  });
});

describe('the batch of a job that names none', () => {
  it('is its mode’s where the smallest fold is large enough', () => {
    expect(batchSizeOf(classesOf([200, 2], [200, 2]), { foldCount: 2 }, 96)).toBe(96);
    expect(batchSizeOf(classesOf([96, 2], [97, 2]), { foldCount: 2 }, 96)).toBe(96);
  });

  it('is the smallest fold where that has fewer images', () => {
    expect(batchSizeOf(classesOf([95, 2], [97, 2]), { foldCount: 2 }, 96)).toBe(95);
    expect(batchSizeOf(classesOf([2, 2], [3, 2]), { foldCount: 2 }, 96)).toBe(2);
  });

  it('is the smallest training where images are divided anew', () => {
    expect(batchSizeOf(classesOf([20, 8], [20, 8]), { foldCount: 1, partCount: 2 }, 96)).toBe(28);
    expect(batchSizeOf(classesOf([20, 8], [20, 8]), { foldCount: 1, partCount: 10 }, 96)).toBe(40);
  });

  it('fits every dataset that is not refused', () => {
    const dataset = datasetOf([2, 2], [3, 2]);
    const batchSize = batchSizeOf(dataset.classes, { foldCount: 2 }, 96);
    expect(() => checkDatasetFits(dataset, { foldCount: 2, batchSize })).not.toThrow();
  });
});

it.each([
  ['no step', { stepCount: 0, batchSize: 8 }, 0],
  ['steps of whole batches', { stepCount: 9, batchSize: 8 }, 3],
  ['steps with a smaller batch at the end', { stepCount: 9, batchSize: 7 }, 3],
  ['steps where a single image joins the batch before it', { stepCount: 9, batchSize: 23 }, 9],
])('counts the epochs of %s on the smallest fold', (_, steps, expected) => {
  expect(epochsOfSteps(classesOf([24, 2], [25, 2]), { foldCount: 2 }, steps)).toBe(expected);
});

it('counts the images of the larger fold, and of all for one', () => {
  expect(imageCountsOf(classesOf([13, 3], [12, 2]), 2)).toEqual({ train: 13, validation: 3 });
  expect(imageCountsOf(classesOf([13, 3], [12, 2]), 1)).toEqual({ train: 25, validation: 5 });
});

it('counts the images of each class', () => {
  expect(classCountsOf(classesOf([13, 3], [12, 2]), 2, 'train')).toEqual([7, 6]);
  expect(classCountsOf(classesOf([13, 3], [12, 2]), 2, 'validation')).toEqual([2, 1]);
});

describe('the step of a figure', () => {
  const classes = classesOf([100, 40], [100, 9], [100, 5]);

  it('is one image of the smallest fold for accuracy', () => {
    expect(imageStepOf(classes, 1, 'ACCURACY')).toBe(1 / 54);
    expect(imageStepOf(classes, 2, 'ACCURACY')).toBe(1 / 26);
  });

  it('is one image of the smallest class for a mean over classes', () => {
    expect(imageStepOf(classes, 1, 'MACRO_ACCURACY')).toBeCloseTo(1 / 5 / 3, 12);
    expect(imageStepOf(classes, 2, 'MACRO_F1')).toBeCloseTo(1 / 2 / 3, 12);
  });
});

it('has a part for each training of a candidate where the search divides all images anew', () => {
  const slicesOf = (searchFraction: number, division: 'FIXED' | 'REDIVIDED', seedCount: number) =>
    searchSlicesOf({ data: { searchFraction }, evaluation: { division, seedCount } });
  expect(slicesOf(0.5, 'FIXED', 3)).toEqual({ foldCount: 2 });
  expect(slicesOf(1, 'REDIVIDED', 3)).toEqual({ foldCount: 1, partCount: 3 });
});
