import { describe, expect, it } from 'vitest';
import { divideImages } from './divide-images.js';

/** The images of three classes as a union lists them: those of train by class, then those of validation by class. */
const labels = [40, 31, 22].flatMap((count, label) => Array<number>(count).fill(label));
labels.push(...[11, 9, 5].flatMap((count, label) => Array<number>(count).fill(label)));
const places = labels.map((_, place) => place);
const alone = { labels, firstCopies: places };

const partsOf = (images: Parameters<typeof divideImages>[0], partCount: number, seed?: number) =>
  Array.from({ length: partCount }, (_, part) => divideImages(images, { part, partCount, seed }));

const ascending = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

describe('divideImages', () => {
  it.each([
    [2, undefined],
    [3, undefined],
    [7, undefined],
    [2, 5],
    [3, 5],
    [10, 2 ** 47],
  ])('validates on every image exactly once over %i parts of seed %s, and trains on all others', (partCount, seed) => {
    const parts = partsOf(alone, partCount, seed);
    expect(ascending(parts.flatMap(({ validation }) => [...validation]))).toEqual(places);
    for (const { train, validation } of parts) {
      expect(ascending([...train, ...validation])).toEqual(places);
      expect([...train]).toEqual(ascending(train));
    }
  });

  it.each([
    [2, undefined],
    [3, undefined],
    [7, undefined],
    [3, 5],
  ])('makes %i parts of seed %s that are alike in size and in each class', (partCount, seed) => {
    const parts = partsOf(alone, partCount, seed);
    expect(spread(parts.map(({ validation }) => validation.length))).toBeLessThanOrEqual(1);
    for (const label of [0, 1, 2]) {
      const counts = parts.map(({ validation }) => validation.filter((place) => labels[place] === label).length);
      expect(spread(counts), `class ${label}`).toBeLessThanOrEqual(1);
    }
  });

  it('makes parts of a seed that share with those of others, and of none, what chance gives', () => {
    const [none, first, second, again] = [undefined, 1, 2, 1].map((seed) => partsOf(alone, 3, seed));
    expect(again).toEqual(first);
    const pairs = [
      [none, first],
      [none, second],
      [first, second],
    ] as const;
    for (const [a = [], b = []] of pairs) {
      for (const { validation: ofA } of a) {
        for (const { validation: ofB } of b) {
          // Of about 39 images a third, with a deviation of 2.4.
          const shared = ofA.filter((place) => ofB.includes(place)).length;
          expect(Math.abs(shared - 13)).toBeLessThan(8);
        }
      }
    }
  });

  it('mixes the images of both splits in every part', () => {
    const trainCount = 93;
    for (const { validation } of partsOf(alone, 3)) {
      expect(validation.some((place) => place < trainCount)).toBe(true);
      expect(validation.some((place) => place >= trainCount)).toBe(true);
    }
  });

  it('keeps copies in one part, of several classes too, and fills the others up', () => {
    const firstCopies = places.with(7, 3).with(9, 3).with(50, 3).with(101, 100);
    const parts = partsOf({ labels, firstCopies }, 3);
    for (const group of [
      [3, 7, 9, 50],
      [100, 101],
    ]) {
      const holders = parts.filter(({ validation }) => group.some((place) => validation.includes(place)));
      expect(holders).toHaveLength(1);
      expect(group.every((place) => holders[0]?.validation.includes(place))).toBe(true);
    }
    expect(ascending(parts.flatMap(({ validation }) => [...validation]))).toEqual(places);
    expect(spread(parts.map(({ validation }) => validation.length))).toBeLessThanOrEqual(1);
  });

  it('leaves every training an image of each class that has two different ones', () => {
    const few = { labels: [0, 0, 0, 1, 1], firstCopies: [0, 0, 2, 3, 4] };
    for (const { train } of partsOf(few, 2)) {
      expect(new Set(Array.from(train, (place) => few.labels[place]))).toEqual(new Set([0, 1]));
    }
  });

  it('evens out what single classes leave over', () => {
    // A class at a time, whatever the order of the places: in their order the parts would have two and four.
    const mixed = { labels: [0, 1, 2, 3, 0, 2], firstCopies: [0, 1, 2, 3, 4, 5] };
    expect(partsOf(mixed, 2).map(({ validation }) => [...validation])).toEqual([
      [0, 1, 5],
      [2, 3, 4],
    ]);
  });

  it.each([
    [1, 0],
    [2, 2],
    [2, -1],
    [2, 0.5],
  ])('refuses %d parts with part %d', (partCount, part) => {
    expect(() => divideImages(alone, { part, partCount })).toThrow(RangeError);
  });
});
