import { describe, expect, it } from 'vitest';
import { soupSpecSchema, taskKind, type TaskResult } from './task.js';

describe('the spec of a soup', () => {
  it('names 2 to 16 members, of which one is the network', () => {
    const weights = { sha256: 'a'.repeat(64), sizeBytes: 1 };
    const isValid = (othersCount: number) =>
      soupSpecSchema.shape.others.safeParse(Array(othersCount).fill(weights)).success;
    expect([0, 1, 15, 16].map(isValid)).toEqual([false, true, true, false]);
  });
});

describe('the kind of a task', () => {
  it.each(['IMPORT', 'TRAIN', 'SCORE', 'SOUP'])('is told by the member of its result: %s', (kind) => {
    expect(taskKind({ [kind.toLowerCase()]: {} } as unknown as TaskResult)).toBe(kind);
  });
});
