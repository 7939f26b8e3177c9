import { open } from 'node:fs/promises';
import { foldIndices } from '../datasets/folds.js';
import { readExactly } from '../datasets/read-exactly.js';
import { type HostTensor, readSafetensors } from '../formats/safetensors.js';
import { imagesInMemory, type LabelledImages } from '../training/image-batches.js';
import type { SplitFile } from './trainer-messages.js';

/** A slice of the images, of `foldCount`; 0 of 1 is all. */
export interface Fold {
  readonly fold: number;
  readonly foldCount: number;
}

/**
 * The files of the last task, kept in memory: the next one of the same job mostly reads the same.
 *
 * A path stands for its bytes, because the cache names files by what is in them.
 */
export class TrainerInputs {
  #files = new Map<string, Uint8Array>();

  /** Reads what a task needs, and forgets all else. */
  async load(paths: readonly string[]): Promise<void> {
    const files = new Map<string, Uint8Array>();
    for (const path of paths) files.set(path, this.#files.get(path) ?? (await readWhole(path)));
    this.#files = files;
  }

  weights(path: string): ReadonlyMap<string, HostTensor> {
    return readSafetensors(this.#file(path));
  }

  /** One fold of a split; all of it is a view, a part is a copy. */
  images({ path, labels }: SplitFile, sizePx: number, { fold, foldCount }: Fold): LabelledImages {
    const pixels = this.#file(path);
    const imageBytes = sizePx * sizePx * 3;
    if (pixels.byteLength !== labels.length * imageBytes) {
      throw new Error(`${path} holds ${pixels.byteLength} bytes, not ${labels.length} images of ${imageBytes}`);
    }
    if (foldCount === 1) return imagesInMemory(pixels, labels, sizePx);
    const indices = foldIndices(labels, foldCount, fold);
    const slice = new Uint8Array(indices.length * imageBytes);
    indices.forEach((image, position) =>
      slice.set(pixels.subarray(image * imageBytes, (image + 1) * imageBytes), position * imageBytes),
    );
    return imagesInMemory(
      slice,
      Int32Array.from(indices, (image) => labels[image] ?? 0),
      sizePx,
    );
  }

  #file(path: string): Uint8Array {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw new Error(`${path} was not loaded`);
    return bytes;
  }
}

/** Of any size that memory can hold: `readFile` stops at 2 GiB. */
async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    return await readExactly(file, 0, (await file.stat()).size, path);
  } finally {
    await file.close();
  }
}
