import { setImmediate } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.js';
import { SAMPLE_COUNT_MAX } from '../issues.js';
import type { ClassSizes } from '../layouts/layout.js';
import type { SortedObjects } from './sorted-objects.js';
import { type ClassedImages, drawOf } from '../splits/split.js';

/** The same limit as Vertex AI. */
export const OBJECT_SIZE_BYTES_MAX = 30_000_000;

/** Images between two pauses: some 100 ms. */
const PIECE_LENGTH = 10_000;

/**
 * Finds where each class begins, and draws the place of each image.
 *
 * @param sizes The sizes of the classes of `objects`.
 * @throws {DomainError} DATASET_INVALID, naming up to 20 objects above 30 MB.
 */
export async function classedImages(objects: SortedObjects, sizes: ClassSizes, seed: number): Promise<ClassedImages> {
  const classStarts = [0];
  for (const size of sizes.values()) classStarts.push((classStarts.at(-1) ?? 0) + size);
  const draws = new Uint32Array(objects.length * 2);
  const large: string[] = [];
  let largeCount = 0;
  for (let image = 0; image < objects.length; image++) {
    if (image % PIECE_LENGTH === 0) await setImmediate();
    const { key, sizeBytes } = objects.at(image);
    draws.set(drawOf(seed, key), image * 2);
    if (sizeBytes <= OBJECT_SIZE_BYTES_MAX) continue;
    largeCount += 1;
    if (large.length < SAMPLE_COUNT_MAX) large.push(`${key} (${sizeBytes} bytes)`);
  }
  if (largeCount === 0) return { classStarts, draws };
  throw new DomainError(
    'DATASET_INVALID',
    `${largeCount} objects are above ${OBJECT_SIZE_BYTES_MAX} bytes: ${large.join(', ')}; scale the images down`,
    { objectCount: String(largeCount), sizeBytesMax: String(OBJECT_SIZE_BYTES_MAX) },
  );
}
