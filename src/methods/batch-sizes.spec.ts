import { describe, expect, it } from 'vitest';
import { batchSizesOf, firstBatchesExampleCount } from './batch-sizes.js';

describe('batch sizes', () => {
  it('end with a smaller one', () => expect(batchSizesOf(10, 4)).toEqual([4, 4, 2]));
  it('end with a larger one instead of one of a single example', () => expect(batchSizesOf(9, 4)).toEqual([4, 5]));
  it('leave a single example alone', () => expect(batchSizesOf(1, 4)).toEqual([1]));
});

it('the first batches hold what they have, the one that was enlarged among them', () => {
  expect([1, 2, 3].map((batchCount) => firstBatchesExampleCount(9, 4, batchCount))).toEqual([4, 9, 9]);
  expect(firstBatchesExampleCount(9, 4, 0)).toBe(0);
});
