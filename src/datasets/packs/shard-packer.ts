import type { Shard, Split } from '../../domain/dataset/dataset.js';
import type { Artifact } from '../../domain/artifact.js';
import type { ImageRecord } from '../manifest.js';

/** Large enough that a pod reads few objects, small enough to build in memory. */
export const SHARD_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** What is known of each image waits in memory, too, until its shard is full: of small ones there would be a great many. */
export const SHARD_IMAGE_COUNT_MAX = 20_000;

/** A record before its shard is complete. */
export type UnpackedRecord = Omit<ImageRecord, 'shard' | 'offset'>;

/** Packs encoded images, one after the other, into shards of one split each. Holds one shard in memory. */
export class ShardPacker {
  readonly shards: Shard[] = [];
  private pending: { readonly record: UnpackedRecord; readonly bytes: Uint8Array }[] = [];
  private pendingBytes = 0;

  /**
   * @param put Stores a shard under the SHA-256 of its bytes.
   * @param packed Takes each record once its shard is stored, in the order in which the images were added.
   * @param sizeBytesMax Bound of a shard; only an image that is larger itself makes a larger one.
   */
  constructor(
    private readonly put: (bytes: Uint8Array) => Promise<Artifact>,
    private readonly packed: (record: ImageRecord) => void,
    private readonly sizeBytesMax: number,
  ) {}

  /** Adds the next image; images of one split must come one after the other. Stores the shard before it when full. */
  async add(record: UnpackedRecord, bytes: Uint8Array): Promise<void> {
    const split: Split | undefined = this.pending[0]?.record.split;
    const isFull =
      this.pendingBytes + bytes.length > this.sizeBytesMax || this.pending.length === SHARD_IMAGE_COUNT_MAX;
    if (split !== undefined && (split !== record.split || isFull)) await this.flush();
    this.pending.push({ record, bytes });
    this.pendingBytes += bytes.length;
  }

  /** Stores what is pending; `shards` is complete after it. */
  async flush(): Promise<void> {
    const [first] = this.pending;
    if (first === undefined) return;
    const artifact = await this.put(Buffer.concat(this.pending.map(({ bytes }) => bytes)));
    this.shards.push({ ...artifact, split: first.record.split, imageCount: this.pending.length });
    let offset = 0;
    for (const { record, bytes } of this.pending) {
      this.packed({ ...record, shard: artifact.sha256, offset });
      offset += bytes.length;
    }
    this.pending = [];
    this.pendingBytes = 0;
  }
}
