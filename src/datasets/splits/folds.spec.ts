import { describe, expect, it } from 'vitest';
import { foldIndices } from './folds.js';

const labels = Int32Array.of(0, 0, 1, 0, 1, 1, 0, 2);

describe('foldIndices', () => {
  it('takes everything for fold 0 of 1', () => {
    expect(foldIndices(labels, 1, 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('gives the i-th image of a class to fold i mod foldCount', () => {
    expect(foldIndices(labels, 2, 0)).toEqual([0, 2, 3, 5, 7]);
    expect(foldIndices(labels, 2, 1)).toEqual([1, 4, 6]);
  });

  it('puts every image into exactly one fold', () => {
    const all = [0, 1, 2].flatMap((fold) => foldIndices(labels, 3, fold));
    expect(all.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it.each([
    [0, 0],
    [2, 2],
    [2, -1],
    [2, 0.5],
  ])('refuses fold count %d with fold %d', (foldCount, fold) => {
    expect(() => foldIndices(labels, foldCount, fold)).toThrow(RangeError);
  });
});
