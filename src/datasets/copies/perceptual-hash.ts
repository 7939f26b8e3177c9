import { THUMBNAIL_SIDE_PX } from '../images/thumbnail.js';

/** Signs of the 8 x 8 slowest cosines but the constant, and of the next one of the first row: 64 bits. */
const HASH_SIDE = 8;

/** The first cosines of the DCT-II of 16 samples, [8 + 1, 16]. */
const COSINES = Array.from({ length: HASH_SIDE + 1 }, (_, frequency) =>
  Float64Array.from({ length: THUMBNAIL_SIDE_PX }, (__, at) =>
    Math.cos((Math.PI * frequency * (at + 0.5)) / THUMBNAIL_SIDE_PX),
  ),
);

/** A hash that copies share but for a few bits, as two halves of 32. */
export type PerceptualHash = readonly [high: number, low: number];

/**
 * Which slow cosines a thumbnail's brightness goes along with, and which it goes against: re-encoding and resizing hardly
 * touch them, so copies have hashes of a small Hamming distance. That finds candidates; it is no proof.
 *
 * @param thumbnail uint8 RGB [16, 16, 3].
 * @see Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions (2010), section 3.2.1, with signs for medians.
 */
export function perceptualHash(thumbnail: Uint8Array): PerceptualHash {
  const lines = lineCosines(thumbnail);
  const halves: [number, number] = [0, 0];
  for (let bit = 0; bit < HASH_SIDE ** 2; bit++) {
    const [row, column] = bit === 0 ? [0, HASH_SIDE] : [Math.floor(bit / HASH_SIDE), bit % HASH_SIDE];
    if (coefficient(lines, row, column) <= 0) continue;
    if (bit < 32) halves[0] |= 1 << bit;
    else halves[1] |= 1 << (bit - 32);
  }
  return [halves[0] >>> 0, halves[1] >>> 0];
}

/** Bits in which two hashes differ. */
export function hammingDistance(highA: number, lowA: number, highB: number, lowB: number): number {
  return bitCount(highA ^ highB) + bitCount(lowA ^ lowB);
}

/** Rec. 601, as JPEG has it. */
const luma = (pixels: Uint8Array, at: number): number =>
  0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);

/** How far the brightness of each line goes along with each cosine, [16, 8 + 1]. */
function lineCosines(thumbnail: Uint8Array): Float64Array {
  const lines = new Float64Array(THUMBNAIL_SIDE_PX * COSINES.length);
  for (let y = 0; y < THUMBNAIL_SIDE_PX; y++) {
    for (let x = 0; x < THUMBNAIL_SIDE_PX; x++) {
      const brightness = luma(thumbnail, (y * THUMBNAIL_SIDE_PX + x) * 3);
      for (let frequency = 0; frequency < COSINES.length; frequency++) {
        const place = y * COSINES.length + frequency;
        lines[place] = (lines[place] ?? 0) + brightness * (COSINES[frequency]?.[x] ?? 0);
      }
    }
  }
  return lines;
}

function coefficient(lines: Float64Array, row: number, column: number): number {
  let sum = 0;
  for (let y = 0; y < THUMBNAIL_SIDE_PX; y++) {
    sum += (lines[y * COSINES.length + column] ?? 0) * (COSINES[row]?.[y] ?? 0);
  }
  return sum;
}

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
