import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import type { Artifact } from '../../domain/artifact.js';

/**
 * What writers say before they rely on bytes that are stored already.
 *
 * The order makes it safe: claim, then look whether the blob is there, then commit the row that names it, all within an
 * hour. A sweep holds the claim's row while it deletes the blob, so a claim comes either before the sweep's look, and
 * the blob stays, or after the deletion, and the writer finds the blob gone and stores it again.
 */
@Injectable()
export class BlobClaimRepository {
  constructor(private readonly database: Database) {}

  /** Waits for a sweep that is deleting one of them. The claim is there when this resolves. */
  async claim(artifacts: readonly Pick<Artifact, 'sha256'>[]): Promise<void> {
    if (artifacts.length === 0) return;
    // In one order for all, so that no two writers, or a writer and a sweep, wait for each other.
    const names = [...new Set(artifacts.map(({ sha256 }) => sha256))].sort();
    await this.database.query(
      `INSERT INTO blob_claims (sha256) SELECT unnest($1::text[])
       ON CONFLICT (sha256) DO UPDATE SET claim_time = clock_timestamp()`,
      [names],
    );
  }
}
