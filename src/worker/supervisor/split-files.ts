import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Split } from '../../domain/dataset/dataset.js';
import type { Artifact } from '../../domain/artifact.js';
import type { PackSpec } from '../../domain/task.js';
import { DECODER_VERSION, decodeSplit } from '../../datasets/packs/decode-split.js';
import { type ImageRecord, readManifest } from '../../datasets/manifest.js';
import { imageBytes } from '../../datasets/packs/packed-file.js';
import type { Logger } from '../../observability/logger.js';
import type { ArtifactCache } from './artifact-cache.js';
import type { SplitFile } from '../trainer-protocol.js';
import type { Transfers } from './transfers.js';

export interface SplitRequest {
  readonly pack: PackSpec;
  readonly split: Split;
  readonly sizePx: number;
  readonly transfers: Transfers;
  /** Ends the decoding between two images. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Decodes splits of packed datasets, each once per machine; the files stay in the shared cache. */
export class SplitFiles {
  /** Tasks of one job read the same manifest. */
  private lastManifest: { readonly sha256: string; readonly records: readonly ImageRecord[] } | undefined;

  constructor(private readonly cache: ArtifactCache) {}

  /**
   * A split as decoded pixels.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT or IMAGE_UNREADABLE, naming the image; and what the transfers throw.
   */
  async prepare({ pack, split, sizePx, transfers, signal, logger }: SplitRequest): Promise<SplitFile> {
    const records = (await this.records(pack.manifest, transfers)).filter((record) => record.split === split);
    const labels = Int32Array.from(records, ({ classIndex }) => classIndex);
    const firstCopies = firstCopiesOf(records);
    const name = decodedName(pack.manifest.sha256, split, sizePx);
    const present = await this.cache.findNamed(name, records.length * imageBytes({ sizePx }));
    if (present !== undefined) return { path: present, labels, firstCopies };
    const path = this.cache.pathOf(name);
    const shards = new Map<string, string>();
    for (const shard of pack.shards) {
      if (shard.split === split) shards.set(shard.sha256, await transfers.download(shard));
    }
    logger.info({ split, sizePx, imageCount: records.length }, 'decoding split');
    const onProgress = () => signal.throwIfAborted();
    await decodeSplit({ records, sizePx, outputPath: path, shardPath: shardPathIn(shards), onProgress });
    return { path, labels, firstCopies };
  }

  private async records(manifest: Artifact, transfers: Transfers): Promise<readonly ImageRecord[]> {
    if (this.lastManifest?.sha256 !== manifest.sha256) {
      const records = readManifest(await readFile(await transfers.download(manifest)));
      this.lastManifest = { sha256: manifest.sha256, records };
    }
    return this.lastManifest.records;
  }
}

/** For each image the place of the first one with the same bytes. */
function firstCopiesOf(records: readonly ImageRecord[]): Int32Array<ArrayBuffer> {
  const firsts = new Map<string, number>();
  return Int32Array.from(records, ({ sha256 }, place) => {
    const first = firsts.get(sha256) ?? place;
    firsts.set(sha256, first);
    return first;
  });
}

function decodedName(manifestSha256: string, split: Split, sizePx: number): string {
  const inputs = JSON.stringify([manifestSha256, split, sizePx, DECODER_VERSION]);
  return `decoded-${createHash('sha256').update(inputs).digest('hex')}`;
}

const shardPathIn = (shards: ReadonlyMap<string, string>) => (sha256: string) => {
  const path = shards.get(sha256);
  if (path === undefined) throw new Error(`the manifest names shard ${sha256}, which the task was not given`);
  return path;
};
