import { describe, expect, it } from 'vitest';
import { splitConfigSchema, type SplitCounts } from '../../domain/dataset/dataset.js';
import { keepTogether } from './keep-together.js';
import { type ClassedImages, divideClasses, drawOf, splitCounts } from './split.js';

const config = splitConfigSchema.parse({});

function imagesOf(...classSizes: readonly number[]): ClassedImages {
  const classStarts = [0];
  for (const size of classSizes) classStarts.push((classStarts.at(-1) ?? 0) + size);
  const count = classStarts.at(-1) ?? 0;
  const draws = Uint32Array.from(Array.from({ length: count }, (_, i) => [...drawOf(0, `image/${i}`)]).flat());
  return { classStarts, draws };
}

/** Groups of neighbours: of each `size` images, the first is the one that the others are copies of. */
const neighbours = (count: number, size: number) => Uint32Array.from({ length: count }, (_, i) => i - (i % size));

function seal(images: ClassedImages, groups: Uint32Array) {
  const drawn = divideClasses(images, config);
  const labels = images.classStarts.slice(1).map((_, index) => `c${index}`);
  return { drawn, ...keepTogether(images, drawn, groups, config, labels) };
}

const total = ({ train, validation, test }: SplitCounts) => train + validation + test;

describe('keepTogether', () => {
  it('changes nothing where there are no copies', () => {
    const images = imagesOf(100, 37);
    const { drawn, splits, counts } = seal(images, neighbours(137, 1));
    expect(splits).toEqual(drawn);
    expect(counts).toEqual([splitCounts(100, config), splitCounts(37, config)]);
  });

  it('moves copies alone', () => {
    const images = imagesOf(200, 200);
    const groups = neighbours(400, 1);
    for (let image = 0; image < 400; image += 10) groups[image + 1] = image;
    const { drawn, splits } = seal(images, groups);
    for (const [image, split] of splits.entries()) {
      if (image % 10 > 1) expect(split).toBe(drawn[image]);
      else expect(split).toBe(splits[image - (image % 10)]);
    }
  });

  it.each([2, 3, 7])('keeps the proportions of every class where each image has copies: groups of %i', (size) => {
    const { splits, counts } = seal(imagesOf(420, 420), neighbours(840, size));
    for (const [image, split] of splits.entries()) expect(split).toBe(splits[image - (image % size)]);
    const expected = splitCounts(420, config);
    for (const found of counts) {
      expect(total(found)).toBe(420);
      expect(Math.abs(found.train - expected.train)).toBeLessThanOrEqual(size);
      expect(Math.abs(found.validation - expected.validation)).toBeLessThanOrEqual(size);
      expect(Math.abs(found.test - expected.test)).toBeLessThanOrEqual(size);
    }
  });

  it('counts the images of a group with two classes in each', () => {
    const groups = neighbours(200, 1);
    for (let image = 0; image < 40; image++) groups[100 + image] = image;
    const { splits, counts } = seal(imagesOf(100, 100), groups);
    for (let image = 0; image < 40; image++) expect(splits[100 + image]).toBe(splits[image]);
    for (const [index, found] of counts.entries()) {
      const ofClass = splits.subarray(index * 100, index * 100 + 100);
      expect([...ofClass].filter((split) => split === 2)).toHaveLength(found.test);
      expect(found.test).toBeGreaterThanOrEqual(10);
    }
  });

  it('leaves no split of a class empty while there are different images for it', () => {
    const groups = Uint32Array.from({ length: 10 }, (_, i) => (i < 8 ? 0 : i));
    const { splits, counts } = seal(imagesOf(10), groups);
    expect(counts).toEqual([{ train: 8, validation: 1, test: 1 }]);
    expect(new Set(splits.subarray(0, 8)).size).toBe(1);
  });

  it('refuses a class of two images and their copies', () => {
    const groups = Uint32Array.from({ length: 30 }, (_, i) => (i < 20 ? i : i < 26 ? 20 : 26));
    expect(() => seal(imagesOf(20, 10), groups)).toThrow(
      expect.objectContaining({
        reason: 'TOO_FEW_IMAGES_PER_CLASS',
        message: expect.stringContaining('class "c1" has 10 images, but they are copies of 2'),
      }),
    );
  });
});
