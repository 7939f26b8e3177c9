import { Injectable } from '@nestjs/common';
import { OWNER_PREFIX, ownerKey } from '../storage/object-keys.js';
import { ObjectStore } from '../storage/object-store.js';
import { SweepRepository } from '../storage/postgres/sweep.repository.js';
import { StoredObjects, type StoredObject } from '../storage/stored-objects.js';

/**
 * Whose bytes lie in the bucket. A sweep takes what its own database does not name, so two databases that share a bucket
 * would delete each other's bytes: each leaves a mark, and where there are two, nothing is swept.
 */
@Injectable()
export class BucketOwnership {
  constructor(
    private readonly rows: SweepRepository,
    private readonly objects: ObjectStore,
    private readonly stored: StoredObjects,
  ) {}

  /** Leaves this database's mark, unless it is there. */
  async mark(): Promise<void> {
    const key = ownerKey(await this.rows.databaseId());
    if ((await this.marks()).some((mark) => mark.key === key)) return;
    await this.objects.put(key, Buffer.from(''), 'text/plain');
  }

  /**
   * Whether this database's mark has been there for `ageSeconds`: any other had the time to leave its own.
   *
   * @throws {Error} when another database has left its mark.
   */
  async isSettled(ageSeconds: number): Promise<boolean> {
    const own = ownerKey(await this.rows.databaseId());
    const marks = await this.marks();
    const stranger = marks.find(({ key }) => key !== own);
    if (stranger !== undefined) {
      throw new Error(
        `The bucket also holds the bytes of another database (${this.objects.uri(stranger.key)}), so nothing in it is swept. ` +
          `Give each database a bucket of its own; if that database is gone for good, delete the object.`,
      );
    }
    const before = await this.rows.before(ageSeconds);
    return marks.some(({ lastModified }) => lastModified < before);
  }

  private async marks(): Promise<readonly StoredObject[]> {
    const marks: StoredObject[] = [];
    for await (const page of this.stored.pages(OWNER_PREFIX)) marks.push(...page);
    return marks;
  }
}
