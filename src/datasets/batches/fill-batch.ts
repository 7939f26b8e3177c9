import { readSync } from 'node:fs';
import type { Augmentation } from '../../domain/job/data-config.js';
import { DomainError } from '../../domain/errors.js';
import { randomStream } from '../../random/random-stream.js';
import { augmentImage } from './augment-image.js';
import { imageBytes, type OpenImages } from '../packs/packed-file.js';

/** How the images of one epoch are varied; the rest follows from an image's place. */
export interface EpochAugmentation {
  readonly augmentation: Exclude<Augmentation, 'NONE'>;
  readonly seed: number;
  readonly epoch: number;
}

/** Which images make up a batch. */
export interface BatchContent {
  readonly file: OpenImages;
  /** Places in the file, and on in those that follow it. */
  readonly images: Int32Array;
  /** Images stay as they are in the file when absent. */
  readonly varied?: EpochAugmentation | undefined;
}

/**
 * Reads the images of a batch, and augments each by draws of its own, so that neither the order nor the size of batches
 * matters. Blocks until it is done: meant for a thread that does nothing else.
 *
 * @param target Filled from its start, [images.length, sizePx, sizePx, 3].
 * @throws {DomainError} ARTIFACT_CORRUPT when the file ends too early, and Error when it cannot be read; both name it.
 */
export function fillBatch({ file, images, varied }: BatchContent, target: Uint8Array): void {
  const length = imageBytes(file);
  for (const [position, image] of images.entries()) {
    const pixels = target.subarray(position * length, (position + 1) * length);
    readImage(file, image, pixels);
    if (varied === undefined) continue;
    const { augmentation, seed, epoch } = varied;
    const next = randomStream(`${seed}/augmentation/${epoch}/${image}`);
    pixels.set(augmentImage(pixels, file.sizePx, augmentation, next));
  }
}

/** Reads the image of a place, be it in this file or in one that follows. */
function readImage(file: OpenImages, image: number, target: Uint8Array): void {
  const { next } = file;
  if (next !== undefined && image >= next.start) readImage(next.images, image - next.start, target);
  else readAt(file, image * target.length, target);
}

function readAt({ fd, path }: OpenImages, start: number, target: Uint8Array): void {
  for (let doneBytes = 0; doneBytes < target.length;) {
    const bytesRead = readSome(fd, path, target.subarray(doneBytes), start + doneBytes);
    if (bytesRead === 0) {
      const missingBytes = String(target.length - doneBytes);
      const message = `${path} ends ${missingBytes} bytes before ${start + target.length}; delete it`;
      throw new DomainError('ARTIFACT_CORRUPT', message, { path, missingBytes });
    }
    doneBytes += bytesRead;
  }
}

function readSome(fd: number, path: string, target: Uint8Array, start: number): number {
  try {
    return readSync(fd, target, 0, target.length, start);
  } catch (error) {
    // Node names no path, because it was given none.
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
