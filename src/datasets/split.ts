import { createHash } from 'node:crypto';
import type { Split, SplitConfig, SplitCounts } from '../domain/dataset.js';
import { DomainError } from '../domain/errors.js';
import { SAMPLE_COUNT_MAX } from './issues.js';
import { compareCodeUnits, type ClassFolders } from './layout.js';

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
 * Divides the images of one class. Which image goes where depends only on the seed and the keys: not on the order of
 * the listing, and hardly on images added later.
 *
 * @param images At least 3, with distinct keys.
 * @returns Every image once, each split in key order.
 */
export function divideClass<T extends { readonly key: string }>(
  images: readonly T[],
  config: SplitConfig,
): Readonly<Record<Split, readonly T[]>> {
  const { train, validation } = splitCounts(images.length, config);
  const drawn = images
    .map((image) => ({ image, draw: createHash('sha256').update(`${config.seed}|${image.key}`).digest('hex') }))
    .sort((a, b) => compareCodeUnits(a.draw, b.draw))
    .map(({ image }) => image);
  const byKey = (part: T[]) => part.sort((a, b) => compareCodeUnits(a.key, b.key));
  return {
    train: byKey(drawn.slice(0, train)),
    validation: byKey(drawn.slice(train, train + validation)),
    test: byKey(drawn.slice(train + validation)),
  };
}

/**
 * Checks that every class has at least 5 images, one in each split, and one in each fold of train and validation.
 *
 * @param foldCount Slices that train and validation are cut into; 1 when they are not.
 * @throws {DomainError} TOO_FEW_IMAGES_PER_CLASS, naming the classes and their counts.
 */
export function assertEnoughImages(classes: ClassFolders<unknown>, config: SplitConfig, foldCount = 1): void {
  const short = [...classes].filter(([, { length }]) => !isEnough(length, config, foldCount));
  const [first] = short;
  if (first === undefined) return;
  const smallestFraction = Math.min(config.trainFraction, config.validationFraction);
  const imageCountMin = foldCount === 1 ? IMAGES_PER_CLASS_MIN : enoughImages(foldCount, smallestFraction);
  const named = short.slice(0, SAMPLE_COUNT_MAX).map(([label, { length }]) => `"${label}" has ${length}`);
  const rest = short.length > named.length ? ` and ${short.length - named.length} more` : '';
  throw new DomainError(
    'TOO_FEW_IMAGES_PER_CLASS',
    `each class needs at least ${imageCountMin} images (${foldCount} fold(s)), but ${named.join(', ')}${rest}; ` +
      'add images or remove the folder',
    {
      class: first[0],
      imageCount: String(first[1].length),
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
