import { Injectable } from '@nestjs/common';
import { BLOB_PREFIX, blobKey, sha256OfBlobKey } from '../storage/object-keys.js';
import { SweepRepository } from '../storage/postgres/sweep.repository.js';
import { StoredObjects } from '../storage/stored-objects.js';
import type { Swept } from './swept.js';

/** Deletes blobs that no row names; see docs/adr/0018-how-blobs-are-swept.md for why none is lost. */
@Injectable()
export class SweepBlobs {
  constructor(
    private readonly rows: SweepRepository,
    private readonly objects: StoredObjects,
  ) {}

  /** @param ageSeconds Younger blobs stay: their rows may not be written yet. */
  async *run(isDryRun: boolean, ageSeconds: number): AsyncGenerator<Swept> {
    const [seenAt, before] = [await this.rows.before(0), await this.rows.before(ageSeconds)];
    // Before anything is listed, so that a page takes one look at the rows that have changed since, not at all of them.
    const referenced = await this.rows.referencedBlobs(ageSeconds);
    for await (const page of this.objects.pages(BLOB_PREFIX)) {
      const sizes = new Map<string, number>();
      for (const { key, sizeBytes, lastModified } of page) {
        const sha256 = sha256OfBlobKey(key);
        if (sha256 !== undefined && lastModified < before && !referenced.has(sha256)) sizes.set(sha256, sizeBytes);
      }
      for (const names of inParts([...sizes.keys()])) {
        const removed = isDryRun
          ? await this.unclaimed(names, ageSeconds)
          : await this.remove(names, ageSeconds, seenAt);
        for (const sha256 of removed) yield { kind: 'BLOB', key: blobKey(sha256), sizeBytes: sizes.get(sha256) ?? 0 };
      }
    }
  }

  private remove(names: readonly string[], ageSeconds: number, seenAt: Date): Promise<readonly string[]> {
    const remove = (doomed: readonly string[]) => this.objects.remove(doomed.map(blobKey));
    return this.rows.removeUnreferenced(names, { ageSeconds, seenAt }, remove);
  }

  private async unclaimed(names: readonly string[], ageSeconds: number): Promise<readonly string[]> {
    const claimed = await this.rows.claimedBlobs(names, ageSeconds);
    return names.filter((sha256) => !claimed.has(sha256));
  }
}

/** Writers wait while a part is deleted, and Postgres for no transaction that stands still. */
const PART_SIZE = 100;

function inParts(names: readonly string[]): string[][] {
  const count = Math.ceil(names.length / PART_SIZE);
  return Array.from({ length: count }, (_, part) => names.slice(part * PART_SIZE, (part + 1) * PART_SIZE));
}
