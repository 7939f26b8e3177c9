import type { FileHandle } from 'node:fs/promises';
import { DomainError } from '../../domain/errors.js';

/** One read may not exceed 2 GiB. */
const READ_BYTES_MAX = 1 << 30;

/**
 * Reads `lengthBytes` bytes from `start`.
 *
 * @param name What the file is called in the error.
 * @throws {DomainError} ARTIFACT_CORRUPT when the file ends before.
 */
export async function readExactly(
  file: FileHandle,
  start: number,
  lengthBytes: number,
  name: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  let done = 0;
  while (done < lengthBytes) {
    const { bytesRead } = await file.read(bytes, done, Math.min(lengthBytes - done, READ_BYTES_MAX), start + done);
    if (bytesRead === 0) {
      const message = `${name} ends ${lengthBytes - done} bytes before ${start + lengthBytes}; fetch it again`;
      throw new DomainError('ARTIFACT_CORRUPT', message, { name, missingBytes: String(lengthBytes - done) });
    }
    done += bytesRead;
  }
  return bytes;
}
