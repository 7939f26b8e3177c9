import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '../../src/embedded/process-table.js';

const SIZE_MIB = 256;
const PIECE = Buffer.alloc(1024 ** 2);
/** What mounts are called, with the number of the process that they belong to. */
const NAME = 'biotune-chaos-';

/** A folder on a file system of its own that can be filled up. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** @throws {Error} when this user may not mount a file system. */
  static mount(folder: string): SmallDisk {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, `${NAME}${process.pid}`, folder], {
      stdio: 'pipe',
    });
    process.once('exit', () => unmount(folder));
    return new SmallDisk(folder);
  }

  /** Unmounts those of processes that were killed before they could do so. */
  static unmountLeftovers(): void {
    for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
      const [name = '', folder = ''] = line.split(' ');
      if (name.startsWith(NAME) && startTimeOf(Number(name.slice(NAME.length))) === undefined) unmount(folder);
    }
  }

  /** Leaves no byte free until what this gives is called. */
  fill(): () => void {
    const path = join(this.folder, 'filler');
    const file = openSync(path, 'w');
    try {
      for (let written = PIECE.length; written > 0;) written = writeSync(file, PIECE);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
    return () => rmSync(path, { force: true });
  }

  unmount(): void {
    unmount(this.folder);
  }
}

function unmount(folder: string): void {
  try {
    execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
  } catch {
    // Not mounted any more.
  }
}
