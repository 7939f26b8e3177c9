import { describe, expect, it } from 'vitest';
import { assumedResolution, measuredResolution, resolutionWarnings, searchSizeOf } from './search-resolution.js';
import type { ScoredFinalist } from './finalist.js';

/** 90 and 10 validation images. */
const CLASSES = [90, 10].map((validation, index) => ({
  label: `class ${index}`,
  index,
  imageCount: { train: 100, validation, test: 10 },
}));

/** A method with one model that takes the test images, ten of each class, for these. */
const finalist = (predictions: readonly number[]) =>
  ({
    models: [{ test: { predictions, labels: Array.from({ length: 20 }, (_, at) => Math.floor(at / 10)) } }],
  }) as unknown as ScoredFinalist;

/** Right on all images of the first class, and on some of the second. */
const rightOfSecond = (count: number) =>
  finalist(Array.from({ length: 20 }, (_, at) => (at < 10 || at - 10 >= count ? 0 : 1)));

describe('the resolution of a search', () => {
  it('goes by the images that a mean over classes is known from', () => {
    const macro = assumedResolution(
      searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'MACRO_ACCURACY', seedCount: 3 }),
    );
    const plain = assumedResolution(searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'ACCURACY', seedCount: 3 }));
    expect(macro).toMatchObject({ imageCount: 100, disagreement: plain.disagreement });
    expect(macro.effectiveImageCount).toBeCloseTo(36, 10);
    expect(plain.effectiveImageCount).toBe(100);
    expect(macro.smallestDifference).toBeGreaterThan(1.4 * plain.smallestDifference);
  });

  it('follows from what it tells', () => {
    const { effectiveImageCount, disagreement, seedDeviation, seedCount, smallestDifference } = assumedResolution(
      searchSizeOf(CLASSES, { foldCount: 2 }, { fitness: 'MACRO_F1', seedCount: 2 }),
    );
    expect(effectiveImageCount).toBeCloseTo(18, 10);
    const variance = disagreement / effectiveImageCount + (2 * seedDeviation ** 2) / seedCount;
    expect(smallestDifference).toBeCloseTo(1.959964 * Math.sqrt(variance), 10);
  });

  it('goes by all images where each is judged by a training that did not have it', () => {
    const { imageCount, smallestDifference } = assumedResolution(
      searchSizeOf(CLASSES, { foldCount: 1, partCount: 2 }, { fitness: 'ACCURACY', seedCount: 2 }),
    );
    // 200 images of train, 100 of validation.
    expect(imageCount).toBe(300);
    const variance = 0.19 / 300 + (2 * 0.018 ** 2) / 2;
    expect(smallestDifference).toBeCloseTo(1.959964 * Math.sqrt(variance), 6);
  });

  it('measures the disagreement of each class, and the deviation of seeds', () => {
    const finalists = [rightOfSecond(10), rightOfSecond(4)];
    const seedFigures = [
      [0.7, 0.72],
      [0.8, 0.84],
    ];
    const macro = measuredResolution(
      finalists,
      seedFigures,
      searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'MACRO_ACCURACY', seedCount: 2 }),
    );
    // The methods agree on the first class, and differ on 6 of 10 images of the second, of which 10 are validated.
    expect(macro.disagreement).toBeCloseTo(0.3, 12);
    expect(macro.effectiveImageCount).toBeCloseTo((2 * 0.6) / (0.6 / 10), 10);
    expect(macro.seedDeviation).toBeCloseTo(Math.sqrt(0.0005), 12);
    const plain = measuredResolution(
      finalists,
      seedFigures,
      searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'ACCURACY', seedCount: 2 }),
    );
    expect(plain).toMatchObject({ disagreement: 0.3, effectiveImageCount: 100 });
  });

  it('assumes what one method and one seed cannot tell', () => {
    const size = searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'MACRO_ACCURACY', seedCount: 1 });
    expect(measuredResolution([rightOfSecond(3)], [[0.7], [0.8]], size)).toEqual(assumedResolution(size));
  });

  it('takes the disagreement of all images for a class without test images', () => {
    const classes = [...CLASSES, { label: 'class 2', index: 2, imageCount: { train: 100, validation: 10, test: 0 } }];
    const size = searchSizeOf(classes, { foldCount: 1 }, { fitness: 'MACRO_ACCURACY', seedCount: 2 });
    const { disagreement } = measuredResolution([rightOfSecond(10), rightOfSecond(4)], [], size);
    expect(disagreement).toBeCloseTo((0 + 0.6 + 0.3) / 3, 12);
  });
});

describe('the warning', () => {
  const resolution = assumedResolution(searchSizeOf(CLASSES, { foldCount: 1 }, { fitness: 'ACCURACY', seedCount: 1 }));

  it('compares with the median of the gains, and tells their range', () => {
    const [text, ...others] = resolutionWarnings({ ...resolution, smallestDifference: 0.0053 });
    expect(text).toContain('With 100 validation images a fold and one seed');
    expect(text).toContain('must differ by 0.5 points');
    expect(text).toContain('can be expected to gain 0.5, and gained -0.2 to 6.4 in the paper');
    expect(others).toEqual([]);
  });

  it('is left out where the median can be seen', () => {
    expect(resolutionWarnings({ ...resolution, smallestDifference: 0.005 })).toEqual([]);
  });
});
