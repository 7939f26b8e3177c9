import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { makeShift } from './make-shift.mjs';

/**
 * What is classified. Settings of the search are fixed on the main tasks; the others are reported as they come out.
 *
 * @typedef {object} Task
 * @property {string} title
 * @property {string} archive A zip with one folder of images per class.
 * @property {number} imageCount
 * @property {number} imageSizePx
 * @property {number} trainCount Images to train on; about so many, as each class is divided in the same proportions.
 * @property {number} validationCount Images to choose by; all others are for the test.
 * @property {number} batchSize No more than the images of half the training set, on which PAPER_FAST tries its candidates.
 * @property {boolean} isMain
 * @property {number} [soupGainOverLpFt] What the soup should gain over LP-FT, as a share of the test images.
 * @property {boolean} [isShifted] Whether the images are changed by `makeShift`.
 */

const SMALL = {
  imageCount: 3000,
  imageSizePx: 64,
  batchSize: 32,
  trainCount: 400,
  validationCount: 200,
  isMain: false,
};
const CLOTHING = { archive: 'clothing-10-imbalanced.zip', imageCount: 3068, imageSizePx: 96, batchSize: 32 };

/** @type {Record<string, Task>} */
export const TASKS = {
  'clothing-10': {
    title: 'Clothing',
    ...CLOTHING,
    trainCount: 400,
    validationCount: 200,
    isMain: true,
    soupGainOverLpFt: 0.04,
  },
  'fashion-small': { title: 'Fashion-MNIST', ...SMALL, archive: 'fashion-small.zip', isMain: true },
  'mnist-small': { title: 'MNIST digits', ...SMALL, archive: 'mnist-small.zip' },
  'fashion-shift': { title: 'Fashion-MNIST, shifted', ...SMALL, archive: 'fashion-small.zip', isShifted: true },
  'clothing-5-tiny': {
    title: 'Clothing, five classes',
    archive: 'clothing-5-tiny.zip',
    imageCount: 120,
    imageSizePx: 96,
    trainCount: 50,
    validationCount: 25,
    batchSize: 16,
    isMain: false,
  },
  'clothing-10-imbalanced': {
    title: 'Clothing, three times the images',
    ...CLOTHING,
    trainCount: 1200,
    validationCount: 600,
    isMain: false,
  },
};

/** Search seeds of a task: what is claimed rests on the main ones. */
export const SEARCH_SEED_COUNTS = { main: 5, other: 3 };

/** @param {Task} task @returns The number of search seeds that the task is measured with. */
export const searchSeedCountOf = ({ isMain }) => (isMain ? SEARCH_SEED_COUNTS.main : SEARCH_SEED_COUNTS.other);

/**
 * The division of a task's images, another for each search seed.
 *
 * @param {Task} task
 * @param {number} seed
 */
export function splitOf({ imageCount, trainCount, validationCount }, seed) {
  const [trainFraction, validationFraction] = [trainCount / imageCount, validationCount / imageCount];
  return { trainFraction, validationFraction, testFraction: 1 - trainFraction - validationFraction, seed };
}

/**
 * The archive of a task's images.
 *
 * @param {string} name
 * @param {{ dataDir: string, madeDir: string }} folders Where archives are looked for, and where made images are kept.
 * @returns {Promise<string>}
 * @throws {SetupError} where it is missing.
 */
export async function archiveOf(name, { dataDir, madeDir }) {
  const { archive, isShifted } = TASKS[name];
  const folders = [dataDir, join(ROOT, 'assets', archive.replace('.zip', ''))];
  const found = folders.map((folder) => join(folder, archive)).find((file) => existsSync(file));
  if (found === undefined) {
    throw new SetupError(
      `${name} needs ${archive}, with one folder of images per class, in ${dataDir}: say where by --data-dir, or leave the task out by --tasks`,
    );
  }
  return isShifted === true ? makeShift(found, join(madeDir, `${name}.zip`)) : found;
}
