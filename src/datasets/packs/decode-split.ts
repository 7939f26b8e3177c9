import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { DomainError } from '../../domain/errors.js';
import { mapInOrder } from '../concurrency.js';
import { decodeImage } from '../images/image-decoder.js';
import type { ImageRecord } from '../manifest.js';
import { readExactly } from './read-exactly.js';

/** Raise it when decoding gives other pixels than before, so that old files are not taken for new ones. */
export const DECODER_VERSION = 1;

/** The images that are decoded at a time, as many as libuv has threads; more would only be held (150 MB each at the most). */
const DECODE_COUNT_MAX = 4;

export interface DecodeSplitOptions {
  /** Images of one split in manifest order; their order is that of the output. */
  readonly records: readonly ImageRecord[];
  /** Local file of a shard, by its SHA-256. */
  readonly shardPath: (shardSha256: string) => string;
  /** Side of the decoded images. */
  readonly sizePx: number;
  readonly outputPath: string;
  readonly onProgress: (progress: { readonly imagesDone: number; readonly imageCount: number }) => void;
}

/**
 * Decodes packed images once, so that every training reads raw pixels: uint8 [n, sizePx, sizePx, 3] in one file. The
 * file appears under its name only when it is complete and on disk; after a failure nothing is left behind.
 *
 * @throws {DomainError} ARTIFACT_CORRUPT when an image's bytes in the shard are not those of the manifest;
 *   IMAGE_UNREADABLE when they do not decode. Both name the image.
 */
export async function decodeSplit(options: DecodeSplitOptions): Promise<void> {
  const temporaryPath = `${options.outputPath}.${randomUUID()}.tmp`;
  try {
    const output = await open(temporaryPath, 'wx');
    try {
      await decodeInto(output, options);
      await output.sync();
    } finally {
      await output.close();
    }
    await rename(temporaryPath, options.outputPath);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}

async function decodeInto(output: FileHandle, options: DecodeSplitOptions): Promise<void> {
  const { records, shardPath, sizePx, onProgress } = options;
  const shards = new Map<string, FileHandle>();
  try {
    for (const { shard } of records) {
      if (!shards.has(shard)) shards.set(shard, await open(shardPath(shard), 'r'));
    }
    let imagesDone = 0;
    const decode = async (record: ImageRecord) => decodeRecord(shards.get(record.shard), record, sizePx);
    for await (const pixels of mapInOrder(records, DECODE_COUNT_MAX, decode)) {
      await output.appendFile(pixels);
      imagesDone += 1;
      onProgress({ imagesDone, imageCount: records.length });
    }
  } finally {
    for (const shard of shards.values()) await shard.close();
  }
}

async function decodeRecord(shard: FileHandle | undefined, record: ImageRecord, sizePx: number): Promise<Uint8Array> {
  if (shard === undefined) throw new Error(`shard ${record.shard} was not opened`);
  const bytes = await readExactly(shard, record.offset, record.sizeBytes, `shard ${record.shard}`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== record.sha256) {
    const place = `${record.sizeBytes} bytes at ${record.offset} of shard ${record.shard}`;
    const message = `${place} have SHA-256 ${sha256}, but ${record.key} has ${record.sha256}; fetch the shard again`;
    throw new DomainError('ARTIFACT_CORRUPT', message, { key: record.key, shard: record.shard, sha256 });
  }
  try {
    return await decodeImage(bytes, sizePx);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const metadata = { ...error.metadata, key: record.key };
    throw new DomainError(error.reason, `${record.key} ${error.message}`, metadata, { cause: error });
  }
}
