import { describe, expect, it } from 'vitest';
import { leftovers } from '../../../test/fixtures/training.js';
import { tf } from '../device/backend.js';
import { heldExamples, joinedGroups } from './held-examples.js';
import type { ExampleSource } from './image-batches.js';

/** Three examples of one number, which say when they are disposed. */
function threeExamples(changes: Partial<ExampleSource> = {}): { source: ExampleSource; disposedCount: () => number } {
  let disposedCount = 0;
  const source: ExampleSource = {
    labels: Int32Array.of(0, 1, 2),
    keptBytes: 12,
    read: (batches) => batches.map((examples) => tf.tensor2d([...examples], [examples.length, 1])),
    dispose: () => (disposedCount += 1),
    ...changes,
  };
  return { source, disposedCount: () => disposedCount };
}

describe('heldExamples', () => {
  it('holds all examples in their order until it is disposed, and the source with it', async () => {
    const before = leftovers();
    const { source, disposedCount } = threeExamples();
    const held = await heldExamples(source);
    expect(held.held?.shape).toEqual([3, 1]);
    expect([...(held.held?.dataSync() ?? [])]).toEqual([0, 1, 2]);
    expect(disposedCount()).toBe(0);
    held.dispose();
    expect(disposedCount()).toBe(1);
    expect(leftovers()).toEqual(before);
  });

  it.each<[string, Partial<ExampleSource>]>([
    ['are too large', { keptBytes: 64 * 1024 ** 2 + 1 }],
    ['are not kept', { keptBytes: Infinity }],
  ])('leaves examples that %s where they are', async (_, changes) => {
    const { source } = threeExamples(changes);
    expect(await heldExamples(source)).toBe(source);
  });

  it('disposes a source that cannot be read', async () => {
    const broken = () => {
      throw new Error('the file is gone');
    };
    const { source, disposedCount } = threeExamples({ read: broken });
    await expect(heldExamples(source)).rejects.toThrow('the file is gone');
    expect(disposedCount()).toBe(1);
  });
});

it('groups batches in their order, and leaves none out', () => {
  const batches = Array.from({ length: 19 }, (_, index) => index);
  const groups = joinedGroups(batches);
  expect(groups.flat()).toEqual(batches);
  expect(groups.map(({ length }) => length)).toEqual([8, 8, 3]);
});
