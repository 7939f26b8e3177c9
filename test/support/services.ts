import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedObjectStore, stopLeftoverObjectStore } from '../../src/embedded/embedded-object-store.js';
import { startEmbeddedPostgres, stopLeftoverPostgres } from '../../src/embedded/embedded-postgres.js';
import { startTimeOf } from '../../src/embedded/process-table.js';

/** The program that `npm run setup` installs. */
export const SEAWEEDFS_BINARY = join(import.meta.dirname, '../../.cache/seaweedfs/weed');

const FOLDER_PREFIX = 'biotune-test-services-';

/** Where the servers of this test run are. */
export interface TestServices {
  /** Of the Postgres superuser; specs make databases of their own with `createTestDatabase`. */
  readonly postgresUrl: string;
  readonly s3: { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string };
}

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices;
  }
}

/** Starts one Postgres and one S3 server for all specs of a project. Vitest wants a default export here. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await sweepKilledRuns(FOLDER_PREFIX);
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  chmodSync(folder, 0o711); // as root, Postgres runs as another user
  const [postgres, objectStore] = await Promise.all([
    startEmbeddedPostgres({ dataDir: join(folder, 'postgres') }),
    startEmbeddedObjectStore({ dataDir: join(folder, 'object-store'), binaryPath: SEAWEEDFS_BINARY }),
  ]);
  const { endpoint, accessKey, secretKey } = objectStore;
  project.provide('services', { postgresUrl: postgres.url, s3: { endpoint, accessKey, secretKey } });
  return async () => {
    await Promise.all([postgres.stop(), objectStore.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
}

/**
 * Ends the servers of runs that were killed before they could do so, and removes their folders.
 *
 * @param folderPrefix Of a run's folder, which holds its servers as `postgres` and `object-store`.
 */
export async function sweepKilledRuns(folderPrefix: string): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix));
  for (const folder of folders.map((name) => join(tmpdir(), name))) {
    const claim = join(folder, 'postgres', 'owner.json');
    if (!existsSync(claim)) continue; // just being made
    const { pid, startTime }: { pid: number; startTime: string } = JSON.parse(readFileSync(claim, 'utf8'));
    if (startTimeOf(pid) === startTime) continue;
    await stopLeftoverPostgres(join(folder, 'postgres'));
    await stopLeftoverObjectStore(join(folder, 'object-store'));
    rmSync(folder, { recursive: true, force: true });
  }
}
