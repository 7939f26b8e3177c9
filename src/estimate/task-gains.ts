import type { SearchMode } from '../methods/search-modes.js';

/** How large a data set is: its training images and its classes. */
export interface DataSize {
  readonly imageCount: number;
  readonly classCount: number;
}

/** What searches in one mode have gained on one task. */
export interface TaskGains extends DataSize {
  readonly mode: SearchMode;
  /** Test accuracies over that of the best plain method, as fractions of the test images; at least one, in any order. */
  readonly gains: readonly number[];
  /** The file of the figures. */
  readonly source: string;
}
