import { DomainError } from '../../domain/errors.js';
import { BadImages } from './bad-images.js';
import { checkImage } from '../images/check-image.js';
import type { ImageFacts } from '../copies/image-facts.js';
import { fetchImages, type ImageFetching, type NumberedObject } from './fetch-images.js';
import type { IssueCollector } from '../issues.js';
import type { ImageFormat } from '../manifest.js';

/** Formats by file extension; those that are no `ImageFormat` are never right. */
const FORMAT_OF_EXTENSION = new Map<string, ImageFormat | 'other'>([
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
  ['jpe', 'jpeg'],
  ['jfif', 'jpeg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['gif', 'other'],
  ['bmp', 'other'],
  ['tif', 'other'],
  ['tiff', 'other'],
]);

/**
 * Fetches and decodes every image, and keeps what copies are known by.
 *
 * @throws {DomainError} as `BadImages` after all were checked, and DATASET_CHANGED.
 */
export async function checkImages(fetching: ImageFetching, facts: ImageFacts, issues: IssueCollector): Promise<void> {
  const imageCount = facts.count;
  const badImages = new BadImages(imageCount);
  let imagesDone = 0;
  fetching.onProgress({ stage: 'CHECKING', imagesDone, imageCount });
  const check = async (numbered: NumberedObject, bytes: Uint8Array) => {
    const checked = await checkImage(numbered.object, bytes);
    if (!(checked instanceof DomainError)) facts.set(numbered.image, { ...checked.info, sha256: checked.sha256 });
    return { ...numbered, checked };
  };
  for await (const { object, checked } of fetchImages(fetching, () => true, check)) {
    if (checked instanceof DomainError) {
      badImages.add(object.key, checked);
    } else {
      for (const note of checked.info.notes) issues.add(note, object.key);
      if (hasWrongExtension(object.key, checked.info.format)) issues.add('EXTENSION_MISMATCH', object.key);
    }
    imagesDone += 1;
    fetching.onProgress({ stage: 'CHECKING', imagesDone, imageCount });
  }
  badImages.throwIfAny();
}

/** Whether a file's name says another format than its bytes. */
function hasWrongExtension(key: string, format: ImageFormat): boolean {
  const named = FORMAT_OF_EXTENSION.get(/\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? '');
  return named !== undefined && named !== format;
}
