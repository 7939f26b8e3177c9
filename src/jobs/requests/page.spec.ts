import { expect, it } from 'vitest';
import { z } from 'zod';
import { pageOf, readPageToken } from './page.js';

const pageAt = (items: readonly string[], pageSize: number) => {
  const { items: kept, nextPageToken } = pageOf(items, pageSize, (place) => place);
  return { count: kept.length, next: readPageToken(z.int(), nextPageToken) };
};

it('has no next page after fewer items than were requested', () => {
  expect(pageAt(['a', 'b'], 3)).toEqual({ count: 2, next: undefined });
  expect(pageAt([], 3)).toEqual({ count: 0, next: undefined });
});

it('goes on after the last of as many as were requested', () => {
  expect(pageAt(['a', 'b', 'c'], 3)).toEqual({ count: 3, next: 2 });
});

it('ends early where the items are large, and goes on after the last that fits', () => {
  const large = 'x'.repeat(400_000);
  expect(pageAt([large, large, large], 50)).toEqual({ count: 2, next: 1 });
});

it('holds one item whatever its size', () => {
  const huge = 'x'.repeat(2_000_000);
  expect(pageAt([huge, 'b'], 50)).toEqual({ count: 1, next: 0 });
});
