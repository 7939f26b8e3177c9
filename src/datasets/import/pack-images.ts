import { createHash } from 'node:crypto';
import { type Shard, SPLITS } from '../../domain/dataset/dataset.js';
import { DomainError } from '../../domain/errors.js';
import type { Artifact } from '../../domain/artifact.js';
import type { ImageFacts } from '../copies/image-facts.js';
import { fetchImages, type ImageFetching, type NumberedObject } from './fetch-images.js';
import type { ImportSink } from './import-source.js';
import { LineFile } from './line-file.js';
import { manifestLine } from '../manifest.js';
import { ShardPacker, type UnpackedRecord } from '../packs/shard-packer.js';

/** Where checked images go, and what is known of them. */
export interface Packing {
  readonly sink: ImportSink;
  readonly facts: ImageFacts;
  /** The split of each image, as its position in `SPLITS`. */
  readonly splits: Uint8Array;
  readonly classIndexOf: (label: string) => number;
  readonly shardSizeBytesMax: number;
  /** A file that the manifest is written to on its way. */
  readonly manifestPath: string;
}

/**
 * Fetches every image again, in the order of the manifest, and stores shards and manifest: only now is it known which images
 * are copies, and so in which split each is. Holds one shard and 16 images in memory.
 *
 * @throws {DomainError} DATASET_CHANGED when bytes are not those that were checked.
 */
export async function packImages(
  fetching: ImageFetching,
  packing: Packing,
): Promise<{ readonly manifest: Artifact; readonly shards: readonly Shard[]; readonly sizeBytes: number }> {
  const { sink, facts, splits, classIndexOf } = packing;
  const manifest = new LineFile(packing.manifestPath);
  try {
    const put = (bytes: Uint8Array) => sink.put(bytes);
    const packer = new ShardPacker(put, (record) => manifest.append(manifestLine(record)), packing.shardSizeBytesMax);
    let [imagesDone, sizeBytes] = [0, 0];
    for (const [position, split] of SPLITS.entries()) {
      const record = async ({ image, object }: NumberedObject, bytes: Uint8Array) => {
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        if (!facts.isSame(image, sha256)) throw changed(object.key);
        const { key, etag, label } = object;
        const place = { label, classIndex: classIndexOf(label), split };
        const unpacked: UnpackedRecord = {
          key,
          etag,
          sha256,
          sizeBytes: bytes.length,
          ...facts.shape(image),
          ...place,
        };
        return Promise.resolve({ unpacked, bytes });
      };
      for await (const { unpacked, bytes } of fetchImages(fetching, (image) => splits[image] === position, record)) {
        await packer.add(unpacked, bytes);
        sizeBytes += bytes.length;
        imagesDone += 1;
        fetching.onProgress({ stage: 'PACKING', imagesDone, imageCount: facts.count });
      }
    }
    await packer.flush();
    manifest.flush();
    return { manifest: await sink.putFile(packing.manifestPath), shards: packer.shards, sizeBytes };
  } finally {
    manifest.delete();
  }
}

function changed(key: string): DomainError {
  const message = `${key} has other bytes than when it was checked; import again when nothing writes to the prefix`;
  return new DomainError('DATASET_CHANGED', message, { key });
}
