import { readFile } from 'node:fs/promises';
import { BatchReader } from '../../datasets/batches/batch-reader.js';
import type { EpochAugmentation } from '../../datasets/batches/fill-batch.js';
import { type OpenImages, PackedFile } from '../../datasets/packs/packed-file.js';
import { type HostTensor, readSafetensors } from '../../formats/safetensors.js';
import type { LabelledImages } from '../../training/examples/image-batches.js';
import type { SplitFile } from '../trainer-protocol.js';
import { joined } from './training-sides.js';

/** What a task reads. */
export interface TaskFiles {
  /** Absent where the task reads weights by itself. */
  readonly weightsPath?: string;
  readonly splits: readonly SplitFile[];
  /** Side of the splits' images. */
  readonly sizePx: number;
}

/**
 * The files of the last task, kept open: the next one of the same job mostly reads the same. What is open can be read
 * also when the cache has deleted it.
 *
 * A path stands for its bytes, because the cache names files by what is in them.
 */
export class OpenFiles {
  private readonly reader = new BatchReader();
  private readonly packed = new Map<string, PackedFile>();
  private weightsFile: { readonly path: string; readonly bytes: Uint8Array } | undefined;

  /** Opens what a task needs, and forgets all else. @throws {DomainError} as `PackedFile.open`. */
  async load({ weightsPath, splits, sizePx }: TaskFiles): Promise<void> {
    if (weightsPath === undefined) {
      this.weightsFile = undefined;
    } else if (this.weightsFile?.path !== weightsPath) {
      this.weightsFile = { path: weightsPath, bytes: await readFile(weightsPath) };
    }
    for (const [path, file] of this.packed) {
      if (splits.some((split) => split.path === path)) continue;
      this.packed.delete(path);
      await file.close();
    }
    for (const { path, labels } of splits) {
      if (!this.packed.has(path)) this.packed.set(path, await PackedFile.open(path, sizePx, labels.length));
    }
  }

  weights(): ReadonlyMap<string, HostTensor> {
    if (this.weightsFile === undefined) throw new Error('no weights were loaded');
    return readSafetensors(this.weightsFile.bytes);
  }

  /**
   * Some images of one split, or of several that are numbered through, read batch by batch.
   *
   * @param places The places of the images in all splits together.
   * @param varied Augments the images of each epoch; none are when absent.
   */
  images(
    splits: readonly [SplitFile, ...SplitFile[]],
    places: Int32Array,
    varied?: Omit<EpochAugmentation, 'epoch'>,
  ): LabelledImages {
    const file = this.opened(splits);
    const labels = splits.map((split) => split.labels).reduce(joined);
    return {
      labels: places.map((place) => labels[place] ?? 0),
      sizePx: file.sizePx,
      isAugmented: varied !== undefined,
      read: (batches, epoch) =>
        this.reader.read(
          file,
          batches.map((batch) => batch.map((image) => places[image] ?? 0)),
          varied === undefined || epoch === undefined ? undefined : { ...varied, epoch },
        ),
    };
  }

  private opened([{ path, labels }, ...others]: readonly [SplitFile, ...SplitFile[]]): OpenImages {
    const file = this.packed.get(path);
    if (file === undefined) throw new Error(`${path} was not loaded`);
    const [following, ...rest] = others;
    if (following === undefined) return file;
    const { fd, sizePx } = file;
    return { fd, path, sizePx, next: { start: labels.length, images: this.opened([following, ...rest]) } };
  }
}
