import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Artifact } from '../../domain/artifact.js';

/** Files used this recently may be in use, be it by another worker: they stay. */
const IN_USE_MS = 60 * 60 * 1000;
const TEMPORARY = '.tmp';

/** Bytes that are not those that were requested. */
export class DigestMismatchError extends Error {
  override readonly name = 'DigestMismatchError';

  constructor(
    readonly expected: Artifact,
    readonly found: Artifact,
  ) {
    super(`expected ${expected.sizeBytes} bytes ${expected.sha256}, found ${found.sizeBytes} bytes ${found.sha256}`);
  }
}

/**
 * Files by what is in them, in a folder that several worker processes share.
 *
 * A file appears whole or not at all: it is written under another name and renamed.
 */
export class ArtifactCache {
  /** Names whose bytes this process has hashed; others wrote them, or a crash of the machine tore them. */
  private readonly verified = new Set<string>();
  private temporaryCount = 0;

  /** @param bytesMax The bytes of all files together; those that may be in use are kept beyond it. */
  constructor(
    private readonly folder: string,
    private readonly bytesMax: number,
  ) {}

  /** The local file of an artifact, if it is there and whole; a torn one is deleted. */
  async find(artifact: Artifact): Promise<string | undefined> {
    const path = this.pathOf(artifact.sha256);
    if ((await this.touchedSize(path)) !== artifact.sizeBytes) return undefined;
    if (this.verified.has(artifact.sha256)) return path;
    const { sha256 } = await digestOf(createReadStream(path));
    if (sha256 !== artifact.sha256) {
      await rm(path, { force: true });
      return undefined;
    }
    this.verified.add(sha256);
    return path;
  }

  /**
   * Stores an artifact's bytes and gives their path.
   *
   * @throws {DigestMismatchError} when they are not the artifact's; nothing is kept then.
   */
  async store(artifact: Artifact, bytes: NodeJS.ReadableStream): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const temporaryPath = this.temporaryPath(artifact.sha256);
    try {
      const found = await digestOf(bytes, temporaryPath);
      if (found.sha256 !== artifact.sha256 || found.sizeBytes !== artifact.sizeBytes) {
        throw new DigestMismatchError(artifact, found);
      }
      await rename(temporaryPath, this.pathOf(artifact.sha256));
    } finally {
      await rm(temporaryPath, { force: true });
    }
    this.verified.add(artifact.sha256);
    return this.pathOf(artifact.sha256);
  }

  /** The file of that name, if it is there in that size. */
  async findNamed(name: string, sizeBytes: number): Promise<string | undefined> {
    return (await this.touchedSize(this.pathOf(name))) === sizeBytes ? this.pathOf(name) : undefined;
  }

  /** Forgets which files were whole: some of them have turned out not to be. They are read through before their next use. */
  distrust(): void {
    this.verified.clear();
  }

  /** Where the file of that name is or will be; whoever makes it renames it there when it is whole. */
  pathOf(name: string): string {
    return join(this.folder, name);
  }

  /** A path that no other process writes to; whoever writes there deletes it. */
  temporaryPath(name: string): string {
    this.temporaryCount += 1;
    return this.pathOf(`${name}.${process.pid}-${this.temporaryCount}${TEMPORARY}`);
  }

  /** Deletes the files that were not used for longest until the rest fits, and what crashed processes left half done. */
  async evict(bytesMax: number = this.bytesMax): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const files = await this.files();
    let excessBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - bytesMax;
    for (const { path, sizeBytes, usedAtMs } of files.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (usedAtMs > Date.now() - IN_USE_MS) return;
      if (excessBytes <= 0 && !path.endsWith(TEMPORARY)) continue;
      await rm(path, { force: true });
      excessBytes -= sizeBytes;
    }
  }

  private async files() {
    const names = await readdir(this.folder);
    const files = await Promise.all(
      names.map(async (name) => {
        const path = this.pathOf(name);
        const found = await stat(path).catch(ignoreMissing);
        return found === undefined ? [] : [{ path, sizeBytes: found.size, usedAtMs: found.mtimeMs }];
      }),
    );
    return files.flat();
  }

  /** Marks a file as used now; the time of last access is not kept by every mount. */
  private async touchedSize(path: string): Promise<number | undefined> {
    const now = new Date();
    try {
      await utimes(path, now, now);
      return (await stat(path)).size;
    } catch (error) {
      ignoreMissing(error);
      return;
    }
  }
}

/** Name and size of bytes in memory. */
export function artifactOf(bytes: Uint8Array): Artifact {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength };
}

/** Hashes and counts a stream, and writes it to a file when one is given. */
export async function digestOf(bytes: NodeJS.ReadableStream, path?: string): Promise<Artifact> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const tap = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      done(null, path === undefined ? undefined : chunk);
    },
  });
  if (path === undefined) await pipeline(bytes, tap.resume());
  else await pipeline(bytes, tap, createWriteStream(path));
  return { sha256: hash.digest('hex'), sizeBytes };
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
