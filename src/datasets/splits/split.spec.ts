import { describe, expect, it } from 'vitest';
import { splitConfigSchema } from '../../domain/dataset/dataset.js';
import { assertEnoughImages, divideClasses, drawOf, splitCounts } from './split.js';

const config = splitConfigSchema.parse({});

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

/** The splits of `c/0`, `c/1`, … as letters. */
function lettersOf(keys: readonly string[], seed: number): string {
  const draws = Uint32Array.from(keys.flatMap((key) => [...drawOf(seed, key)]));
  const splits = divideClasses({ classStarts: [0, keys.length], draws }, { ...config, seed });
  return Array.from(splits, (split) => 'tve'.charAt(split)).join('');
}

describe('divideClasses', () => {
  const keys = Array.from({ length: 40 }, (_, i) => `c/${i}`);

  it('puts every image into exactly one split of the right size', () => {
    const letters = lettersOf(keys, 0);
    expect(['t', 'v', 'e'].map((letter) => letters.split(letter).length - 1)).toEqual([28, 6, 6]);
  });

  // The draws are fixed, so that images keep their splits from one version of the service to the next.
  it.each([
    [0, 'tttttvttevtvtetttetttvteteevvttttttttttt'],
    [7, 'vttttttetettttvttvttttvtttttettteevttetv'],
  ])('divides as it always has: seed %i', (seed, letters) => {
    expect(lettersOf(keys, seed)).toBe(letters);
  });

  it('does not depend on the order of the images', () => {
    const turned = lettersOf([...keys].reverse(), 0);
    expect(Array.from(turned).reverse().join('')).toBe(lettersOf(keys, 0));
  });

  it('divides each class by itself', () => {
    const draws = Uint32Array.from(keys.flatMap((key) => [...drawOf(0, key)]));
    const splits = divideClasses({ classStarts: [0, 20, 40], draws }, config);
    expect(splits.slice(0, 20).filter((split) => split === 0)).toHaveLength(14);
    expect(splits.slice(20).filter((split) => split === 0)).toHaveLength(14);
  });
});

describe('assertEnoughImages', () => {
  const check = (count: number, foldCount?: number) => () =>
    assertEnoughImages(
      new Map([
        ['a', 50],
        ['b', count],
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
