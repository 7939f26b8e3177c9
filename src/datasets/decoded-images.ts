import { open } from 'node:fs/promises';
import { DomainError } from '../domain/errors.js';
import type { ImageRecord } from './manifest.js';
import { readExactly } from './read-exactly.js';

// Loads no sharp: the trainer process reads these files, and TensorFlow and sharp live in different processes.

/** Decoded images in memory. */
export interface DecodedImages {
  /** uint8 RGB [n, sizePx, sizePx, 3] */
  readonly pixels: Uint8Array;
  /** Class index of each image, int32 [n]. */
  readonly labels: Int32Array;
  readonly sizePx: number;
}

/**
 * Reads what `decodeSplit` wrote for the same records and size.
 *
 * @throws {DomainError} ARTIFACT_CORRUPT when the file's size is not that of the records.
 */
export async function readDecoded(
  path: string,
  records: readonly ImageRecord[],
  sizePx: number,
): Promise<DecodedImages> {
  const file = await open(path, 'r');
  try {
    const expectedBytes = records.length * imageBytes(sizePx);
    const { size } = await file.stat();
    if (size !== expectedBytes) {
      const wanted = `${records.length} images of ${sizePx} px need ${expectedBytes}`;
      throw new DomainError('ARTIFACT_CORRUPT', `${path} has ${size} bytes but ${wanted}; decode the split again`, {
        path,
        sizeBytes: String(size),
        expectedBytes: String(expectedBytes),
      });
    }
    const pixels = await readExactly(file, 0, expectedBytes, path);
    return { pixels, labels: Int32Array.from(records, ({ classIndex }) => classIndex), sizePx };
  } finally {
    await file.close();
  }
}

const imageBytes = (sizePx: number): number => sizePx * sizePx * 3;
