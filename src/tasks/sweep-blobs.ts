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
    const before = await this.rows.before(ageSeconds);
    // A first look, which spares a look at all rows for each page; it decides what is kept, never what is deleted.
    const referenced = await this.rows.referencedBlobs(ageSeconds);
    for await (const page of this.objects.pages(BLOB_PREFIX)) {
      const sizes = new Map<string, number>();
      for (const { key, sizeBytes, lastModified } of page) {
        const sha256 = sha256OfBlobKey(key);
        if (sha256 !== undefined && lastModified < before && !referenced.has(sha256)) sizes.set(sha256, sizeBytes);
      }
      if (sizes.size === 0) continue;
      for (const sha256 of await this.remove([...sizes.keys()], isDryRun, ageSeconds)) {
        yield { kind: 'BLOB', key: blobKey(sha256), sizeBytes: sizes.get(sha256) ?? 0 };
      }
    }
  }

  private async remove(names: readonly string[], isDryRun: boolean, ageSeconds: number): Promise<readonly string[]> {
    if (!isDryRun) {
      return this.rows.removeUnreferenced(names, ageSeconds, (doomed) => this.objects.remove(doomed.map(blobKey)));
    }
    const claimed = await this.rows.claimedBlobs(names, ageSeconds);
    return names.filter((sha256) => !claimed.has(sha256));
  }
}
