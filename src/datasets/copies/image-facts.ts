import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { IMAGE_FORMATS, type ImageFormat } from '../manifest.js';
import { perceptualHash } from './perceptual-hash.js';
import { contrastOf, CONTRAST_MIN } from './thumbnail-distance.js';
import { THUMBNAIL_LENGTH } from '../images/thumbnail.js';

/** What was found in an image when it was checked. */
export interface ImageFact {
  /** The hash of the encoded bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: ImageFormat;
  /** uint8 RGB [16, 16, 3]. */
  readonly thumbnail: Uint8Array;
}

/**
 * What is known of each image between checking and packing: 38 bytes of memory an image, and its thumbnail of 768 bytes in
 * a file. Images are numbered as in `SortedObjects`.
 */
export class ImageFacts {
  /** The first 128 bits of the bytes' SHA-256, [count, 4]. */
  readonly digests: Uint32Array;
  /** 64 bits that equal thumbnails of images of equal size share, [count, 2]. */
  readonly pixelDigests: Uint32Array;
  /** `perceptualHash`, [count, 2]. */
  readonly hashes: Uint32Array;
  /** 1 for images of hardly more than one colour. */
  readonly arePlain: Uint8Array;
  private readonly sidesPx: Uint16Array;
  private readonly formats: Uint8Array;
  private readonly thumbnails: number;

  /** @param thumbnailPath A file that is made here; `delete` removes it. */
  constructor(
    readonly count: number,
    private readonly thumbnailPath: string,
  ) {
    this.digests = new Uint32Array(count * 4);
    this.pixelDigests = new Uint32Array(count * 2);
    this.hashes = new Uint32Array(count * 2);
    this.arePlain = new Uint8Array(count);
    this.sidesPx = new Uint16Array(count * 2);
    this.formats = new Uint8Array(count);
    this.thumbnails = openSync(thumbnailPath, 'wx+');
  }

  set(index: number, { sha256, widthPx, heightPx, format, thumbnail }: ImageFact): void {
    this.digests.set(wordsOf(Buffer.from(sha256, 'hex'), 4), index * 4);
    const pixels = createHash('sha256').update(`${widthPx}x${heightPx}/`).update(thumbnail).digest();
    this.pixelDigests.set(wordsOf(pixels, 2), index * 2);
    this.hashes.set(perceptualHash(thumbnail), index * 2);
    this.arePlain[index] = contrastOf(thumbnail) < CONTRAST_MIN ? 1 : 0;
    this.sidesPx.set([widthPx, heightPx], index * 2);
    this.formats[index] = IMAGE_FORMATS.indexOf(format);
    writeSync(this.thumbnails, thumbnail, 0, THUMBNAIL_LENGTH, index * THUMBNAIL_LENGTH);
  }

  /** Whether bytes with that SHA-256 are those that were checked. */
  isSame(index: number, sha256: string): boolean {
    return wordsOf(Buffer.from(sha256, 'hex'), 4).every((word, at) => word === this.digests[index * 4 + at]);
  }

  shape(index: number): Pick<ImageFact, 'widthPx' | 'heightPx' | 'format'> {
    const [widthPx = 0, heightPx = 0] = this.sidesPx.subarray(index * 2, index * 2 + 2);
    const format = IMAGE_FORMATS[this.formats[index] ?? 0];
    if (format === undefined) throw new Error(`image ${index} has no format`);
    return { widthPx, heightPx, format };
  }

  /** @param into Filled with the thumbnail and returned. */
  thumbnail(index: number, into: Uint8Array = new Uint8Array(THUMBNAIL_LENGTH)): Uint8Array {
    const length = readSync(this.thumbnails, into, 0, THUMBNAIL_LENGTH, index * THUMBNAIL_LENGTH);
    if (length !== THUMBNAIL_LENGTH) throw new Error(`image ${index} has no thumbnail`);
    return into;
  }

  delete(): void {
    closeSync(this.thumbnails);
    rmSync(this.thumbnailPath, { force: true });
  }
}

const wordsOf = (bytes: Buffer, count: number): number[] =>
  Array.from({ length: count }, (_, at) => bytes.readUInt32BE(at * 4));
