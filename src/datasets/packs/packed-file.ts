import { type FileHandle, open } from 'node:fs/promises';
import { DomainError } from '../../domain/errors.js';

/** What a thread needs to read images: the descriptor is the whole process's. */
export interface OpenImages {
  readonly fd: number;
  /** The name of the file in error messages. */
  readonly path: string;
  /** Side of every image. */
  readonly sizePx: number;
  /** The images that are numbered on from `start`, the number of images in this file; none are when absent. */
  readonly next?: { readonly start: number; readonly images: OpenImages };
}

/** Bytes of one image in the file. */
export const imageBytes = ({ sizePx }: Pick<OpenImages, 'sizePx'>): number => sizePx * sizePx * 3;

/** An open file of decoded images, uint8 [count, sizePx, sizePx, 3]; it can be read even after it was deleted. Close it. */
export class PackedFile implements OpenImages {
  private constructor(
    private readonly handle: FileHandle,
    readonly path: string,
    readonly sizePx: number,
  ) {}

  /** @throws {DomainError} ARTIFACT_CORRUPT when the file is not as long as so many images are. */
  static async open(path: string, sizePx: number, imageCount: number): Promise<PackedFile> {
    const handle = await open(path, 'r');
    const file = new PackedFile(handle, path, sizePx);
    const { size: foundBytes } = await handle.stat();
    const expectedBytes = imageCount * imageBytes(file);
    if (foundBytes === expectedBytes) return file;
    await file.close();
    const message = `${path} holds ${foundBytes} bytes, not the ${expectedBytes} of ${imageCount} images of ${sizePx} px; delete it`;
    const metadata = { path, foundBytes: String(foundBytes), expectedBytes: String(expectedBytes) };
    throw new DomainError('ARTIFACT_CORRUPT', message, metadata);
  }

  get fd(): number {
    return this.handle.fd;
  }

  /** No loop may go on reading. The one batch that a loop may have left behind is dropped, whatever is read for it. */
  close(): Promise<void> {
    return this.handle.close();
  }
}
