import { describe, expect, it } from 'vitest';
import { trainingSides } from './training-sides.js';

/** Two classes; the images with the given places are copies of the first of their split. */
const split = (labels: readonly number[], copies: readonly number[] = []) => ({
  path: 'split.u8',
  labels: Int32Array.from(labels),
  firstCopies: Int32Array.from(labels.map((_, place) => (copies.includes(place) ? 0 : place))),
});

const files = { train: split([0, 0, 0, 1, 1, 1]), validation: split([0, 0, 1, 1]) };
const placesOf = (...args: Parameters<typeof trainingSides>) => {
  const { train, validation } = trainingSides(...args);
  return { train: [...train], validation: [...validation] };
};

describe('trainingSides', () => {
  it('are the splits of the dataset where nothing is divided anew, numbered through', () => {
    expect(placesOf(files, { fold: 0, foldCount: 1 })).toEqual({ train: [0, 1, 2, 3, 4, 5], validation: [6, 7, 8, 9] });
    expect(placesOf(files, { fold: 1, foldCount: 2 })).toEqual({ train: [1, 4], validation: [7, 9] });
  });

  it('are a part of both splits together, and all others', () => {
    const sides = [0, 1].map((part) => placesOf(files, { fold: 0, foldCount: 1, division: { part, partCount: 2 } }));
    expect(sides[0]?.validation).toEqual(sides[1]?.train);
    expect(sides[0]?.train).toEqual(sides[1]?.validation);
    for (const { validation } of sides) expect(validation.map((place) => place < 6)).toContain(true);
    for (const { validation } of sides) expect(validation.map((place) => place < 6)).toContain(false);
  });

  it('keep copies within each split on one side', () => {
    const copied = { train: split([0, 0, 0, 1, 1, 1], [1, 2]), validation: split([0, 0, 1, 1], [1]) };
    for (const part of [0, 1]) {
      const { validation } = placesOf(copied, { fold: 0, foldCount: 1, division: { part, partCount: 2 } });
      expect(new Set([0, 1, 2].map((place) => validation.includes(place))).size).toBe(1);
      expect(new Set([6, 7].map((place) => validation.includes(place))).size).toBe(1);
    }
  });

  it('are all images and none where a training is repeated on all of them', () => {
    const retraining = { stageEpochCounts: [3] };
    expect(placesOf(files, { fold: 0, foldCount: 1, retraining })).toEqual({
      train: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      validation: [],
    });
    const division = { part: 0, partCount: 2 };
    for (const wrong of [{ foldCount: 2 }, { foldCount: 1, division }]) {
      expect(() => placesOf(files, { fold: 0, retraining, ...wrong })).toThrow('no fold, no division');
    }
  });

  it('refuse to divide a fold anew', () => {
    expect(() => trainingSides(files, { fold: 0, foldCount: 2, division: { part: 0, partCount: 2 } })).toThrow(
      'all images are divided anew, not fold 0 of 2',
    );
  });
});
