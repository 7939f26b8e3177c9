/** Factors on an image's colours; 1 leaves them as they are, 0 gives black, flat grey and grey. */
export interface ColourFactors {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/**
 * Changes brightness, then contrast, then saturation, with Pillow's arithmetic, which torchvision's `ColorJitter` calls;
 * there the order is drawn, too. Every pixel equals Pillow's (augment-image.spec.ts).
 *
 * @param pixels RGB bytes, changed in place.
 * @param factors Each at least 0.
 * @see Pillow, src/PIL/ImageEnhance.py and src/libImaging/Blend.c
 */
export function jitterColours(pixels: Uint8Array, { brightness, contrast, saturation }: ColourFactors): void {
  replaceValues(pixels, blendTable(0, brightness));
  replaceValues(pixels, blendTable(meanGrey(pixels), contrast));
  saturate(pixels, saturation);
}

/** What each value of a byte becomes. */
function blendTable(centre: number, factor: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => blend(centre, value, Math.fround(factor)));
}

function replaceValues(pixels: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = at(table, at(pixels, i));
}

/** Rounded, as Pillow's `Contrast` takes it. */
function meanGrey(pixels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += grey(at(pixels, i), at(pixels, i + 1), at(pixels, i + 2));
  return Math.floor((sum * 3) / pixels.length + 0.5);
}

function saturate(pixels: Uint8Array, saturation: number): void {
  const factor = Math.fround(saturation);
  for (let i = 0; i < pixels.length; i += 3) {
    const red = at(pixels, i);
    const green = at(pixels, i + 1);
    const blue = at(pixels, i + 2);
    const centre = grey(red, green, blue);
    pixels[i] = blend(centre, red, factor);
    pixels[i + 1] = blend(centre, green, factor);
    pixels[i + 2] = blend(centre, blue, factor);
  }
}

/** Luma of ITU-R BT.601 in Pillow's 16-bit fixed point. */
const grey = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

/**
 * What lies `factor` times as far from `centre` as `value`, from 0 to 255. A byte array cuts the fraction off, as Pillow
 * does; float32 decides as Pillow on which side of a whole number it lies.
 */
function blend(centre: number, value: number, factor: number): number {
  const blended = Math.fround(centre + Math.fround(factor * (value - centre)));
  return Math.min(255, Math.max(0, blended));
}

/** Element `i`, which exists: the callers' loops are bounded by the array's own size. */
const at = (values: Uint8Array, i: number): number => values[i] ?? 0;
