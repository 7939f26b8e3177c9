import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import sharp from 'sharp';

/** Of the blur, in pixels of the image as it is. */
const BLUR_SIGMA = 0.8;
/** The standard deviation of the noise, of 255 grey levels. */
const NOISE_DEVIATION = 40;
/** Zips know no time before; a fixed one keeps the archive the same. */
const ZIP_TIME = new Date('1980-01-01T00:00:00');

/**
 * Makes a task whose images differ from photographs in what the first blocks of a network see: each image is inverted,
 * blurred, and given noise. The noise follows from the image's path, so that the archive is the same everywhere.
 *
 * @param {string} source A zip with one folder of images per class.
 * @param {string} target Where the made archive goes.
 * @returns {Promise<string>} `target`.
 */
export async function makeShift(source, target) {
  const images = Object.entries(unzipSync(readFileSync(source))).filter(([path]) => !path.endsWith('/'));
  const made = {};
  for (const [path, bytes] of images.sort(([a], [b]) => (a < b ? -1 : 1))) made[path] = await shifted(path, bytes);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, zipSync(made, { level: 0, mtime: ZIP_TIME }));
  return target;
}

/** @param {string} path @param {Uint8Array} bytes A PNG or JPEG. @returns {Promise<Uint8Array>} a grey PNG. */
export async function shifted(path, bytes) {
  const grey = sharp(bytes).removeAlpha().greyscale().negate().blur(BLUR_SIGMA).toColourspace('b-w');
  const { data, info } = await grey.raw().toBuffer({ resolveWithObject: true });
  const draw = uniformStream(path);
  const noisy = data.map((value) => Math.min(255, Math.max(0, Math.round(value + NOISE_DEVIATION * normal(draw)))));
  const { width, height } = info;
  return sharp(noisy, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

/** A sum of twelve uniform draws less six has mean 0 and deviation 1, and no function whose last bit differs by engine. */
const normal = (draw) => Array.from({ length: 12 }, draw).reduce((sum, value) => sum + value, -6);

/** Uniform draws in [0, 1) that follow from a text: FNV-1a into xorshift32 (Marsaglia, 2003). */
function uniformStream(text) {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  state |= 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
