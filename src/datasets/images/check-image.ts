import { createHash } from 'node:crypto';
import { DomainError } from '../../domain/errors.js';
import { inspectImage, type ImageInfo } from './image-decoder.js';

/** An image that decodes. */
export interface CheckedImage {
  readonly bytes: Uint8Array;
  /** The hash of `bytes`. */
  readonly sha256: string;
  readonly info: ImageInfo;
}

/**
 * Decodes what was fetched for one object.
 *
 * @param listed The object's key and size as listed.
 * @returns The image, or the IMAGE_UNREADABLE or IMAGE_TOO_SMALL error that says why it is none: returned, not thrown,
 *   so that the other images are still checked.
 * @throws {DomainError} DATASET_CHANGED when the object is not as long as listed.
 */
export async function checkImage(
  listed: { readonly key: string; readonly sizeBytes: number },
  bytes: Uint8Array,
): Promise<CheckedImage | DomainError> {
  const { key, sizeBytes } = listed;
  if (bytes.length !== sizeBytes) {
    throw new DomainError(
      'DATASET_CHANGED',
      `${key} was ${sizeBytes} bytes when listed and is ${bytes.length} now; import again when nothing writes to the prefix`,
      { key, listedBytes: String(sizeBytes), fetchedBytes: String(bytes.length) },
    );
  }
  try {
    const info = await inspectImage(bytes);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), info };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
