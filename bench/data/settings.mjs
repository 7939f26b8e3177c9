/** Enough steps that the first batch of an epoch, which nothing can be prepared before, counts as it does in a real one. */
export const IMAGE_COUNT = 320;
export const CLASS_COUNT = 10;
/** Epochs of each way of reading, taken in turns after one epoch of warming up. */
export const ROUND_COUNT = 2;
/** What the loop may at most wait. */
export const WAITED_SHARE_MAX = 0.03;

/** @typedef {{ imageSizePx: number, augmentation: import('../../dist/src/domain/job/data-config.js').Augmentation }} Setting */

/** @type {Setting[]} */
export const SETTINGS = [
  { imageSizePx: 96, augmentation: 'NONE' },
  { imageSizePx: 224, augmentation: 'STANDARD' },
];
