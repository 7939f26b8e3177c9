import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { SetupError } from '../../scripts/setup/run-command.mjs';

/** What is classified. Of all there are so many images that most are left for the test, whose intervals are narrow then. */
export const TASKS = {
  'clothing-10': {
    title: 'Clothing photographs',
    archive: 'clothing-10-imbalanced.zip',
    imageCount: 3068,
    imageSizePx: 96,
  },
  'fashion-small': { title: 'Fashion-MNIST', archive: 'fashion-small.zip', imageCount: 3000, imageSizePx: 64 },
  'mnist-small': { title: 'MNIST digits', archive: 'mnist-small.zip', imageCount: 3000, imageSizePx: 64 },
};

/** Images to train on, and to choose by; about so many, because each class is divided in the same proportions. */
const [TRAIN_IMAGE_COUNT, VALIDATION_IMAGE_COUNT] = [400, 200];

/**
 * @typedef {object} Task
 * @property {string} name
 * @property {string} title
 * @property {number} imageCount
 * @property {number} imageSizePx
 * @property {string} zipFile
 */

/**
 * The tasks that were asked for, or else those whose images are there; those that are not are named.
 *
 * @param {readonly string[] | undefined} names
 * @param {string} dataDir
 * @returns {Task[]}
 * @throws {SetupError} where images of a task that was asked for are missing.
 */
export function findTasks(names, dataDir) {
  return (names ?? Object.keys(TASKS)).flatMap((name) => {
    const { archive, ...task } = TASKS[name];
    const folders = [dataDir, join(ROOT, 'assets', name)];
    const zipFile = folders.map((folder) => join(folder, archive)).find((file) => existsSync(file));
    if (zipFile !== undefined) return [{ name, ...task, zipFile }];
    const message = `${name} needs ${archive}, with one folder of images per class, in ${dataDir} (or say where: --data-dir)`;
    if (names !== undefined) throw new SetupError(message);
    console.log(`- ${name}: left out. ${message}`);
    return [];
  });
}

/** @param {Task} task @returns the split of a dataset. */
export function splitOf({ imageCount }) {
  const trainFraction = TRAIN_IMAGE_COUNT / imageCount;
  const validationFraction = VALIDATION_IMAGE_COUNT / imageCount;
  return { trainFraction, validationFraction, testFraction: 1 - trainFraction - validationFraction };
}
