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

/** Whether a file's name says another format than its bytes. */
export function hasWrongExtension(key: string, format: ImageFormat): boolean {
  const named = FORMAT_OF_EXTENSION.get(/\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? '');
  return named !== undefined && named !== format;
}
