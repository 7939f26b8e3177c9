import { describe, expect, it } from 'vitest';
import { batchesOf, shuffledIndices } from './batch-order.js';

describe('shuffledIndices', () => {
  it('visits every example once', () => {
    expect(shuffledIndices(50, 1, 1).toSorted()).toEqual(Int32Array.from({ length: 50 }, (_, index) => index));
  });

  it('depends on seed and epoch alone', () => {
    expect(shuffledIndices(50, 1, 2)).toEqual(shuffledIndices(50, 1, 2));
    expect(shuffledIndices(50, 1, 2)).not.toEqual(shuffledIndices(50, 1, 3));
    expect(shuffledIndices(50, 1, 2)).not.toEqual(shuffledIndices(50, 2, 2));
  });

  it('puts each example first about equally often', () => {
    const counts = new Array<number>(4).fill(0);
    for (let epoch = 1; epoch <= 4000; epoch++) {
      const first = shuffledIndices(4, 7, epoch)[0] ?? 0;
      counts[first] = (counts[first] ?? 0) + 1;
    }
    // Five standard deviations of a fair draw.
    counts.forEach((count) => expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75)));
  });
});

describe('batchesOf', () => {
  const sizes = (count: number, batchSize: number) =>
    batchesOf(Int32Array.from({ length: count }), batchSize).map(({ length }) => length);

  it('keeps a smaller last batch', () => expect(sizes(10, 4)).toEqual([4, 4, 2]));
  it('adds a last batch of one to the batch before', () => expect(sizes(9, 4)).toEqual([4, 5]));
  it('leaves a single example alone', () => expect(sizes(1, 4)).toEqual([1]));
  it('keeps the order', () => expect(batchesOf(Int32Array.of(3, 1, 2, 0), 2)[1]).toEqual(Int32Array.of(2, 0)));
});
