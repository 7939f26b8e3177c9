import { mapInOrder } from '../concurrency.js';
import type { ImportProgress, ImportSource } from './import-source.js';
import type { LabelledObject, SortedObjects } from './sorted-objects.js';

/** Images that are fetched at the same time: as many are in memory. */
const DOWNLOAD_COUNT_MAX = 16;
/** Links are signed for so many images at a time. */
const AHEAD_COUNT = 256;

/** An image's number, and the object that it is. */
export interface NumberedObject {
  readonly image: number;
  readonly object: LabelledObject;
}

/** What all images of an import are fetched from, and how progress is reported. */
export interface ImageFetching {
  readonly source: ImportSource;
  readonly objects: SortedObjects;
  readonly onProgress: (progress: ImportProgress) => void;
}

/**
 * Fetches images in the order of their numbers, 16 at a time, and yields what `work` makes of each in the same order.
 *
 * @param isWanted Images that are not are left out.
 */
export async function* fetchImages<T>(
  { source, objects }: ImageFetching,
  isWanted: (image: number) => boolean,
  work: (object: NumberedObject, bytes: Uint8Array) => Promise<T>,
): AsyncGenerator<T> {
  const ahead = (from: number): string[] => {
    const keys: string[] = [];
    for (let image = from; image < objects.length && keys.length < AHEAD_COUNT; image++) {
      if (isWanted(image)) keys.push(objects.at(image).key);
    }
    return keys;
  };
  const fetchOne = async (image: number) => {
    const object = objects.at(image);
    return work({ image, object }, await source.fetch(object, () => ahead(image)));
  };
  yield* mapInOrder(wanted(objects.length, isWanted), DOWNLOAD_COUNT_MAX, fetchOne);
}

function* wanted(count: number, isWanted: (image: number) => boolean): Generator<number> {
  for (let image = 0; image < count; image++) if (isWanted(image)) yield image;
}
