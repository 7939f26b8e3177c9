import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArtifactCache, artifactOf, DigestMismatchError } from './artifact-cache.js';

const BYTES = Buffer.from('the bytes of an artifact');
const ARTIFACT = artifactOf(BYTES);
const DAY_SECONDS = 24 * 60 * 60;

let folder: string;
let cache: ArtifactCache;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'artifact-cache-'));
  cache = new ArtifactCache(folder, 0);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file that was used last so many days ago. */
function writeUsed(name: string, sizeBytes: number, daysAgo: number): void {
  writeFileSync(join(folder, name), Buffer.alloc(sizeBytes));
  const usedAt = Date.now() / 1000 - daysAgo * DAY_SECONDS;
  utimesSync(join(folder, name), usedAt, usedAt);
}

describe('ArtifactCache', () => {
  it('finds what it has stored', async () => {
    const path = await cache.store(ARTIFACT, Readable.from([BYTES.subarray(0, 5), BYTES.subarray(5)]));
    expect(await cache.find(ARTIFACT)).toBe(path);
    expect(readdirSync(folder)).toEqual([ARTIFACT.sha256]);
  });

  it('keeps nothing of bytes that are not the artifact', async () => {
    const stored = cache.store(ARTIFACT, Readable.from([Buffer.from('other bytes')]));
    await expect(stored).rejects.toThrow(DigestMismatchError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('deletes a file of the right size with other bytes that an earlier process left', async () => {
    writeFileSync(join(folder, ARTIFACT.sha256), Buffer.alloc(BYTES.length));
    expect(await cache.find(ARTIFACT)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reads a file through again once files have turned out to be torn', async () => {
    const path = await cache.store(ARTIFACT, Readable.from([BYTES]));
    writeFileSync(path, Buffer.alloc(BYTES.length));
    cache.distrust();
    expect(await cache.find(ARTIFACT)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finds no named file of another size', async () => {
    writeUsed('decoded', 10, 0);
    expect(await cache.findNamed('decoded', 11)).toBeUndefined();
    expect(await cache.findNamed('decoded', 10)).toBe(join(folder, 'decoded'));
  });

  it('takes whole files of other processes for its own', async () => {
    const path = await new ArtifactCache(folder, 0).store(ARTIFACT, Readable.from([BYTES]));
    expect(await cache.find(ARTIFACT)).toBe(path);
  });

  it('deletes what was not used for longest, until the rest fits', async () => {
    writeUsed('oldest', 10, 3);
    writeUsed('older', 10, 2);
    writeUsed('old', 10, 1);
    await new ArtifactCache(folder, 20).evict();
    expect(readdirSync(folder).sort()).toEqual(['old', 'older']);
  });

  it('keeps what may be in use, however little fits', async () => {
    writeUsed('old', 10, 1);
    writeUsed('recent', 10, 0);
    await cache.evict(0);
    expect(readdirSync(folder)).toEqual(['recent']);
  });

  it('counts a found file as used now', async () => {
    writeUsed('decoded', 10, 3);
    writeUsed('other', 10, 2);
    await cache.findNamed('decoded', 10);
    await cache.evict(10);
    expect(readdirSync(folder)).toEqual(['decoded']);
  });

  it('deletes half-written files of crashed processes, also when all would fit', async () => {
    writeUsed('crashed.1-1.tmp', 10, 1);
    writeUsed('running.2-1.tmp', 10, 0);
    await cache.evict(1000);
    expect(readdirSync(folder)).toEqual(['running.2-1.tmp']);
  });
});
