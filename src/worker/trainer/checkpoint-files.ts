import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainingCheckpoint } from '../../training/loop/training-checkpoint.js';
import { checkpointPieces, readCheckpoint } from './checkpoint-format.js';

/** The one before the last stays until its successor is whole. */
const SLOTS = ['even', 'odd'] as const;

export interface CheckpointFilesOptions {
  /** A folder of this machine; what another process of it has saved is found here. */
  readonly folder: string;
  /** Says all that a training's bits follow from: its task and how TensorFlow is set up. */
  readonly identity: string;
  /** The least time between two checkpoints. */
  readonly intervalSeconds: number;
  /** Hears of a checkpoint that could not be written; the training does without it. */
  readonly onSkipped: (error: Error) => void;
}

/** Where one training stands, in files that its next attempt on this machine goes on from. */
export class CheckpointFiles {
  private readonly name: string;
  private savedAtMs = performance.now();

  constructor(private readonly options: CheckpointFilesOptions) {
    this.name = `checkpoint-${createHash('sha256').update(options.identity).digest('hex')}`;
  }

  /** The latest that can be read. A file that cannot, because it is torn or of another version, is deleted. */
  async load(): Promise<TrainingCheckpoint | undefined> {
    const found = await Promise.all(SLOTS.map((slot) => this.read(this.path(slot))));
    return found
      .filter((checkpoint) => checkpoint !== undefined)
      .sort((a, b) => b.epochs.length - a.epochs.length)
      .at(0);
  }

  /**
   * Saves if the last time is long enough ago. What cannot be written is skipped, for want of room on the disk, say: the
   * checkpoint before it stays.
   */
  async saveIfDue(take: () => TrainingCheckpoint): Promise<void> {
    if (performance.now() - this.savedAtMs < this.options.intervalSeconds * 1000) return;
    const checkpoint = take();
    const path = this.path(SLOTS[checkpoint.epochs.length % SLOTS.length] ?? 'even');
    try {
      await this.write(path, checkpointPieces(checkpoint));
    } catch (error) {
      if (!isOfFileSystem(error)) throw error;
      this.options.onSkipped(error);
    }
    this.savedAtMs = performance.now();
  }

  /** The file appears under its name only when it is complete and on disk. */
  private async write(path: string, pieces: readonly Buffer[]): Promise<void> {
    const temporaryPath = `${path}.${randomUUID()}.tmp`;
    await mkdir(this.options.folder, { recursive: true });
    try {
      await writePieces(temporaryPath, pieces);
      await rename(temporaryPath, path);
    } finally {
      await rm(temporaryPath, { force: true });
    }
  }

  /** Deletes what was saved: the training has ended. */
  async remove(): Promise<void> {
    await Promise.all(SLOTS.map((slot) => rm(this.path(slot), { force: true })));
  }

  private async read(path: string): Promise<TrainingCheckpoint | undefined> {
    const bytes = await readFile(path).catch(ignoreMissing);
    if (bytes === undefined) return undefined;
    const checkpoint = readCheckpoint(bytes);
    if (checkpoint === undefined) await rm(path, { force: true });
    return checkpoint;
  }

  private path(slot: (typeof SLOTS)[number]): string {
    return join(this.options.folder, `${this.name}-${slot}`);
  }
}

/** Writes a new file, piece by piece; it is on disk when this returns. */
export async function writePieces(path: string, pieces: readonly Buffer[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether the machine's files are the matter, and not what was to be written. */
const isOfFileSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
