import { createHash } from 'node:crypto';
import type { SplitConfig, SplitCounts } from '../../domain/dataset/dataset.js';
import { DomainError } from '../../domain/errors.js';
import { SAMPLE_COUNT_MAX } from '../issues.js';
import type { ClassSizes } from '../layouts/layout.js';

/** AutoML services ask for 5 (AutoTrain) to 10 (Vertex); below 5 a class cannot be measured at all. */
export const IMAGES_PER_CLASS_MIN = 5;

/**
 * How many of a class's images go to each split: its fractions, rounded, but at least one each.
 *
 * @param imageCount At least 3.
 */
export function splitCounts(imageCount: number, config: SplitConfig): SplitCounts {
  const train = clamp(Math.round(imageCount * config.trainFraction), 1, imageCount - 2);
  const validation = clamp(Math.round(imageCount * config.validationFraction), 1, imageCount - train - 1);
  return { train, validation, test: imageCount - train - validation };
}

/**
 * The place of an image in the draw of its class, as two words: the first 64 bits of SHA-256. It depends on the seed and the
 * key alone: not on the order of the listing, nor on other images.
 */
export function drawOf(seed: number, key: string): readonly [high: number, low: number] {
  const digest = createHash('sha256').update(`${seed}|${key}`).digest();
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
}

/** Images by number: those of a class lie side by side, ordered by key. */
export interface ClassedImages {
  /** Where each class begins, and behind the last one the number of images. */
  readonly classStarts: readonly number[];
  /** `drawOf` each image, [count, 2]. */
  readonly draws: Uint32Array;
}

/**
 * Divides each class by its draws, as if no image were a copy of another.
 *
 * @returns The split of each image, as its position in `SPLITS`.
 */
export function divideClasses({ classStarts, draws }: ClassedImages, config: SplitConfig): Uint8Array {
  const splits = new Uint8Array(draws.length / 2);
  for (const [index, start] of classStarts.slice(0, -1).entries()) {
    const imageCount = (classStarts[index + 1] ?? start) - start;
    const { train, validation } = splitCounts(imageCount, config);
    const drawn = Uint32Array.from({ length: imageCount }, (_, at) => start + at).sort(
      (a, b) => compareDraws(draws, a, b) || a - b,
    );
    for (const [place, image] of drawn.entries())
      splits[image] = place < train ? 0 : place < train + validation ? 1 : 2;
  }
  return splits;
}

export const compareDraws = (draws: Uint32Array, a: number, b: number): number =>
  (draws[a * 2] ?? 0) - (draws[b * 2] ?? 0) || (draws[a * 2 + 1] ?? 0) - (draws[b * 2 + 1] ?? 0);

/**
 * Checks that every class has at least 5 images, one in each split, and one in each fold of train and validation.
 *
 * @param foldCount Slices that train and validation are cut into; 1 when they are not.
 * @throws {DomainError} TOO_FEW_IMAGES_PER_CLASS, naming the classes and their counts.
 */
export function assertEnoughImages(classes: ClassSizes, config: SplitConfig, foldCount = 1): void {
  const short = [...classes].filter(([, imageCount]) => !isEnough(imageCount, config, foldCount));
  const [first] = short;
  if (first === undefined) return;
  const smallestFraction = Math.min(config.trainFraction, config.validationFraction);
  const imageCountMin = foldCount === 1 ? IMAGES_PER_CLASS_MIN : enoughImages(foldCount, smallestFraction);
  const named = short.slice(0, SAMPLE_COUNT_MAX).map(([label, imageCount]) => `"${label}" has ${imageCount}`);
  const folds = foldCount === 1 ? '' : ` in ${foldCount} folds`;
  const rest = short.length > named.length ? ` and ${short.length - named.length} more` : '';
  throw new DomainError(
    'TOO_FEW_IMAGES_PER_CLASS',
    `each class needs at least ${imageCountMin} images${folds}, but ${named.join(', ')}${rest}; ` +
      'add images or remove the folder',
    {
      class: first[0],
      imageCount: String(first[1]),
      imageCountMin: String(imageCountMin),
      foldCount: String(foldCount),
    },
  );
}

function isEnough(imageCount: number, config: SplitConfig, foldCount: number): boolean {
  if (imageCount < IMAGES_PER_CLASS_MIN) return false;
  const { train, validation } = splitCounts(imageCount, config);
  return Math.min(train, validation) >= foldCount;
}

/** Images that surely give every fold one of a split with this fraction. */
const enoughImages = (foldCount: number, fraction: number): number =>
  Math.max(IMAGES_PER_CLASS_MIN, Math.ceil(foldCount / fraction));

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));
