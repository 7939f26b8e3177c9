import { describe, expect, it } from 'vitest';
import { PrefixCache, type PrefixCacheSettings } from './prefix-cache.js';
import { memoryRecordStore, type OpenRecordStore } from './record-store.js';

/** Bytes of one example's features. */
const RECORD_BYTES = 8;

/** Stores in memory that say which of them are open, in the order of their opening. */
function spillStores(): { open: OpenRecordStore; openCount: () => number } {
  let openCount = 0;
  return {
    openCount: () => openCount,
    open: (recordLength, recordCount) => {
      openCount += 1;
      return { ...memoryRecordStore(recordLength, recordCount), dispose: () => void (openCount -= 1) };
    },
  };
}

/** A cache with what was computed for it, in order. */
function cacheOf(settings: PrefixCacheSettings) {
  const cache = new PrefixCache(settings);
  const computed: string[] = [];
  const features = (key: string, exampleCount = 2) =>
    cache.features(key, async () => ({
      shape: [1, 2],
      exampleCount,
      compute: async (records) => {
        computed.push(key);
        await records.append(Float32Array.from({ length: exampleCount * 2 }, (_, index) => index));
      },
    }));
  /** Computes or finds features that nobody uses afterwards. */
  const visit = async (key: string, exampleCount?: number) => (await features(key, exampleCount))?.release();
  return { cache, computed, features, visit };
}

describe('PrefixCache', () => {
  it('computes features once, and gives them back in any order', async () => {
    const { features, computed } = cacheOf({ memoryBytesMax: 100 });
    await features('a', 3);
    const again = await features('a', 3);
    expect(computed).toEqual(['a']);
    expect(again?.shape).toEqual([1, 2]);
    const batches: number[][] = [];
    for await (const values of again?.records.read([Int32Array.of(2, 0), Int32Array.of(1)]) ?? [])
      batches.push([...values]);
    expect(batches).toEqual([
      [4, 5, 0, 1],
      [2, 3],
    ]);
  });

  it('drops what was used longest ago, not what was computed first', async () => {
    const { visit, computed, cache } = cacheOf({ memoryBytesMax: 4 * RECORD_BYTES });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await visit(key);
    expect(computed).toEqual(['a', 'b', 'c', 'b']);
    expect(cache.bytes.memory).toBe(4 * RECORD_BYTES);
  });

  it('never drops what is in use, and then keeps nothing new', async () => {
    const { features, visit, computed } = cacheOf({ memoryBytesMax: 4 * RECORD_BYTES });
    const used = await features('a');
    const alsoUsed = await features('a');
    await visit('b', 2);
    expect(await features('c', 3)).toBeUndefined();
    used?.release();
    expect(await features('c', 3)).toBeUndefined();
    await visit('b');
    expect(computed).toEqual(['a', 'b']);
    alsoUsed?.release();
    expect(await features('c', 3)).toBeDefined();
    expect(computed).toEqual(['a', 'b', 'c']);
  });

  it('drops nothing for features that would not fit anyway', async () => {
    const { features, visit, computed } = cacheOf({ memoryBytesMax: 4 * RECORD_BYTES });
    await visit('a');
    expect(await features('too many', 5)).toBeUndefined();
    await visit('a');
    expect(computed).toEqual(['a']);
  });

  it('keeps beyond memory what memory has no room for, within the bound', async () => {
    const { open, openCount } = spillStores();
    const { features, visit, cache } = cacheOf({
      memoryBytesMax: 2 * RECORD_BYTES,
      spill: { open, bytesMax: 4 * RECORD_BYTES },
    });
    await features('memory');
    await visit('beyond', 3);
    expect(cache.bytes).toEqual({ memory: 2 * RECORD_BYTES, spill: 3 * RECORD_BYTES });
    await visit('instead', 4);
    expect(cache.bytes).toEqual({ memory: 2 * RECORD_BYTES, spill: 4 * RECORD_BYTES });
    expect(openCount()).toBe(1);
    expect(await features('too many', 5)).toBeUndefined();
    cache.dispose();
    expect(cache.bytes).toEqual({ memory: 0, spill: 0 });
    expect(openCount()).toBe(0);
  });

  it('keeps nothing of a computation that failed, and tries again', async () => {
    const { open, openCount } = spillStores();
    const { features, cache, computed } = cacheOf({ memoryBytesMax: 0, spill: { open, bytesMax: 100 } });
    const failing = cache.features('a', async () => ({
      shape: [2],
      exampleCount: 2,
      compute: async (records) => {
        await records.append(Float32Array.of(1, 2));
        throw new Error('the image is broken');
      },
    }));
    await expect(failing).rejects.toThrow('the image is broken');
    expect([openCount(), cache.bytes.spill]).toEqual([0, 0]);
    expect(await features('a')).toBeDefined();
    expect(computed).toEqual(['a']);
  });
});
