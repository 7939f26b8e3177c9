import { describe, expect, it } from 'vitest';
import { splitConfigSchema } from '../domain/dataset.js';
import { assertEnoughImages, divideClass, splitCounts } from './split.js';

const config = splitConfigSchema.parse({});
const images = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `c/${i}` }));

describe('splitCounts', () => {
  it.each([
    [5, 3, 1, 1],
    [10, 7, 2, 1],
    [300, 210, 45, 45],
  ])('divides %i images', (count, train, validation, test) => {
    expect(splitCounts(count, config)).toEqual({ train, validation, test });
  });

  it('leaves every split at least one image, whatever the fractions', () => {
    for (let count = 3; count < 60; count++) {
      for (const [trainFraction, validationFraction] of [
        [0.998, 0.001],
        [0.001, 0.998],
        [0.001, 0.001],
      ] as const) {
        const testFraction = 1 - trainFraction - validationFraction;
        const counts = splitCounts(count, { trainFraction, validationFraction, testFraction, seed: 0 });
        expect(Math.min(counts.train, counts.validation, counts.test)).toBeGreaterThanOrEqual(1);
        expect(counts.train + counts.validation + counts.test).toBe(count);
      }
    }
  });
});

describe('divideClass', () => {
  it('puts every image into exactly one split of the right size', () => {
    const parts = divideClass(images(40), config);
    const keys = [...parts.train, ...parts.validation, ...parts.test].map(({ key }) => key);
    expect(new Set(keys).size).toBe(40);
    expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual([28, 6, 6]);
  });

  it('does not depend on the order of the images', () => {
    expect(divideClass(images(40).reverse(), config)).toEqual(divideClass(images(40), config));
  });

  it('is another one for another seed', () => {
    expect(divideClass(images(40), { ...config, seed: 1 })).not.toEqual(divideClass(images(40), config));
  });

  it('does not simply follow the names', () => {
    const { train } = divideClass(images(40), config);
    expect(train.map(({ key }) => key)).not.toEqual(
      images(40)
        .map(({ key }) => key)
        .sort()
        .slice(0, 28),
    );
  });
});

describe('assertEnoughImages', () => {
  const check = (count: number, foldCount?: number) => () =>
    assertEnoughImages(
      new Map([
        ['a', images(50)],
        ['b', images(count)],
      ]),
      config,
      foldCount,
    );

  it('accepts 5 images in a class and refuses 4, naming class, count and bound', () => {
    expect(check(5)).not.toThrow();
    expect(check(4)).toThrow(
      expect.objectContaining({
        reason: 'TOO_FEW_IMAGES_PER_CLASS',
        message: expect.stringMatching(/at least 5 .*"b" has 4/),
        metadata: expect.objectContaining({ class: 'b', imageCount: '4', imageCountMin: '5' }),
      }),
    );
  });

  it('names an empty class', () => {
    expect(check(0)).toThrow(/"b" has 0/);
  });

  it('needs an image in each fold of validation', () => {
    expect(check(9, 2)).toThrow(/at least 14 .*2 fold/);
    expect(check(14, 2)).not.toThrow();
  });
});
