/** 8-bit sRGB pixels, row by row: [heightPx, widthPx, 3]. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Where a resized image is cut: `sizePx` columns from `leftPx` and as many rows from `topPx`. */
export interface SquareCrop {
  readonly leftPx: number;
  readonly topPx: number;
  readonly sizePx: number;
}

/** Pillow's PRECISION_BITS: 8 bits of result and 2 of headroom leave 22 of 32 for the fraction. */
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/**
 * Resizes with an antialiased triangle filter and cuts a square out of the result; only that square is computed.
 * The arithmetic is that of Pillow's `Image.resize(size, BILINEAR)`, which torchvision's `Resize` calls: rows first,
 * 22-bit fixed point, rounded to 8 bits between the passes. Every pixel equals that of Pillow 9.5 to 12.0 (resize.spec.ts);
 * 13.0 begins with the columns where that is less work, so that some differ by 1.
 *
 * @param widthPx,heightPx Size of the whole resized image; the crop must lie inside it.
 * @returns uint8 [crop.sizePx, crop.sizePx, 3].
 * @see Pillow, src/libImaging/Resample.c
 */
export function resizeAndCrop(image: RgbImage, widthPx: number, heightPx: number, crop: SquareCrop): Uint8Array {
  const columns = taps(image.widthPx, widthPx, crop.leftPx, crop.sizePx);
  const rows = taps(image.heightPx, heightPx, crop.topPx, crop.sizePx);
  const narrow = resampleRows(image, columns, firstOf(rows), endOf(rows));
  return resampleColumns(narrow, crop.sizePx, rows);
}

/**
 * What each of `size` outputs is mixed from: its first source index, its count of sources, and their fixed-point
 * weights.
 */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [size, stride] */
  readonly weights: Int32Array;
  readonly stride: number;
}

function taps(sourceSize: number, resizedSize: number, cropStart: number, cropSize: number): Taps {
  const scale = sourceSize / resizedSize;
  const support = Math.max(scale, 1);
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(cropSize);
  const count = new Int32Array(cropSize);
  const weights = new Int32Array(cropSize * stride);
  for (let i = 0; i < cropSize; i++) {
    const center = (cropStart + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(sourceSize, Math.trunc(center + support + 0.5));
    first[i] = start;
    count[i] = end - start;
    weights.set(fixedPointWeights(start, end, center, 1 / support), i * stride);
  }
  return { first, count, weights, stride };
}

/** Triangle weights of the sources `start` to `end` around `center`, as fractions of their sum in fixed point. */
function fixedPointWeights(start: number, end: number, center: number, inverseSupport: number): number[] {
  const triangle: number[] = [];
  let sum = 0;
  for (let x = start; x < end; x++) {
    const weight = Math.max(0, 1 - Math.abs((x - center + 0.5) * inverseSupport));
    triangle.push(weight);
    sum += weight;
  }
  return triangle.map((weight) => Math.trunc(0.5 + (weight / sum) * (1 << FRACTION_BITS)));
}

const firstOf = (rows: Taps): number => rows.first[0] ?? 0;
const endOf = ({ first, count }: Taps): number => (first.at(-1) ?? 0) + (count.at(-1) ?? 0);

/** Resamples along x; keeps the source rows `rowStart` to `rowEnd` at their place, so the rows before stay zero. */
function resampleRows(image: RgbImage, columns: Taps, rowStart: number, rowEnd: number): Uint8Array {
  const { pixels, widthPx } = image;
  const outWidth = columns.first.length;
  const out = new Uint8Array(rowEnd * outWidth * 3);
  for (let y = rowStart; y < rowEnd; y++) {
    for (let x = 0; x < outWidth; x++) {
      const source = (y * widthPx + at(columns.first, x)) * 3;
      mix(pixels, source, 3, columns, x, out, (y * outWidth + x) * 3);
    }
  }
  return out;
}

/** Resamples along y. */
function resampleColumns(narrow: Uint8Array, widthPx: number, rows: Taps): Uint8Array {
  const outHeight = rows.first.length;
  const out = new Uint8Array(outHeight * widthPx * 3);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < widthPx; x++) {
      const source = (at(rows.first, y) * widthPx + x) * 3;
      mix(narrow, source, widthPx * 3, rows, y, out, (y * widthPx + x) * 3);
    }
  }
  return out;
}

/** Writes one RGB pixel: the weighted sum of the `index`-th output's sources, which lie `step` bytes apart. */
function mix(
  pixels: Uint8Array,
  source: number,
  step: number,
  { count, weights, stride }: Taps,
  index: number,
  out: Uint8Array,
  target: number,
): void {
  const end = index * stride + at(count, index);
  // One by one: as a list they took a third of the whole resize.
  let red = HALF;
  let green = HALF;
  let blue = HALF;
  for (let w = index * stride, s = source; w < end; w++, s += step) {
    const weight = at(weights, w);
    red += at(pixels, s) * weight;
    green += at(pixels, s + 1) * weight;
    blue += at(pixels, s + 2) * weight;
  }
  // Weights are not negative and sum to 1 within rounding, so only the upper bound can be crossed.
  out[target] = Math.min(255, red >> FRACTION_BITS);
  out[target + 1] = Math.min(255, green >> FRACTION_BITS);
  out[target + 2] = Math.min(255, blue >> FRACTION_BITS);
}

/** Element `i`, which exists: the callers' loops are bounded by the array's own sizes. */
const at = (values: Uint8Array | Int32Array, i: number): number => values[i] ?? 0;
