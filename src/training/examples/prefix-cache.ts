import { memoryRecordStore, type OpenRecordStore, type RecordStore } from './record-store.js';

const BYTES_PER_FLOAT = 4;

/** What a frozen prefix gives for each example of a set. Call `release` when it is not read any more. */
export interface CachedFeatures {
  /** The shape of the features of one example. */
  readonly shape: readonly number[];
  readonly records: Pick<RecordStore, 'read'>;
  readonly release: () => void;
}

/** Features that were not in the cache. */
export interface FeaturesToCompute {
  /** The shape of the features of one example. */
  readonly shape: readonly number[];
  readonly exampleCount: number;
  /** Writes the features of all examples, in their order. */
  readonly compute: (records: RecordStore) => Promise<void>;
}

/** Where features may be kept, and how many bytes of them. */
export interface PrefixCacheSettings {
  readonly memoryBytesMax: number;
  /** What memory has no room for; without it such features are not kept. */
  readonly spill?: { readonly open: OpenRecordStore; readonly bytesMax: number };
}

interface Entry {
  readonly shape: readonly number[];
  readonly records: RecordStore;
  readonly place: 'memory' | 'spill';
  readonly bytes: number;
  userCount: number;
}

/**
 * The features of frozen prefixes, computed once and shared by all trainings that have the same prefix and images. What is
 * in use is never dropped; of the rest, what was used longest ago goes first. Dispose it.
 */
export class PrefixCache {
  /** The longest unused first. */
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly settings: PrefixCacheSettings) {}

  /**
   * The features under `key`, computed if need be.
   *
   * @param key Says all that they follow from: weights, prefix, images, normalisation, batch size.
   * @param prepare Called when they are not there.
   * @returns undefined when there is no room for them, neither in memory nor beyond.
   */
  async features(key: string, prepare: () => Promise<FeaturesToCompute>): Promise<CachedFeatures | undefined> {
    const known = this.entries.get(key);
    if (known !== undefined) return this.use(key, known);
    const { shape, exampleCount, compute } = await prepare();
    const recordLength = shape.reduce((product, length) => product * length, 1);
    const bytes = recordLength * exampleCount * BYTES_PER_FLOAT;
    const place = this.placeFor(bytes);
    if (place === undefined) return undefined;
    const open = place === 'memory' ? memoryRecordStore : this.settings.spill?.open;
    if (open === undefined) return undefined;
    const records = open(recordLength, exampleCount);
    try {
      await compute(records);
    } catch (error) {
      records.dispose();
      throw error;
    }
    return this.use(key, { shape, records, place, bytes, userCount: 0 });
  }

  /** Bytes that are kept in memory and beyond. */
  get bytes(): { readonly memory: number; readonly spill: number } {
    return { memory: this.bytesIn('memory'), spill: this.bytesIn('spill') };
  }

  /** Frees everything. */
  dispose(): void {
    for (const { records } of this.entries.values()) records.dispose();
    this.entries.clear();
  }

  private use(key: string, entry: Entry): CachedFeatures {
    entry.userCount += 1;
    this.entries.delete(key);
    this.entries.set(key, entry);
    const { shape, records } = entry;
    return { shape, records, release: () => (entry.userCount -= 1) };
  }

  /** Where so many bytes go, once others have made room. */
  private placeFor(bytes: number): Entry['place'] | undefined {
    const places = [
      ['memory', this.settings.memoryBytesMax],
      ['spill', this.settings.spill?.bytesMax ?? 0],
    ] as const;
    return places.find(([place, bytesMax]) => this.makeRoom(place, bytesMax - bytes))?.[0];
  }

  /** Drops what is unused until at most `bytesLeft` are kept there; drops nothing if that does not help. */
  private makeRoom(place: Entry['place'], bytesLeft: number): boolean {
    const idle = [...this.entries].filter(([, entry]) => entry.place === place && entry.userCount === 0);
    const idleBytes = idle.reduce((sum, [, entry]) => sum + entry.bytes, 0);
    if (this.bytesIn(place) - idleBytes > bytesLeft) return false;
    for (const [key, { records }] of idle) {
      if (this.bytesIn(place) <= bytesLeft) break;
      this.entries.delete(key);
      records.dispose();
    }
    return true;
  }

  private bytesIn(place: Entry['place']): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + (entry.place === place ? entry.bytes : 0), 0);
  }
}
