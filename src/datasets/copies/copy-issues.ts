import type { IssueCollector } from '../issues.js';
import type { FoundCopies } from './find-copies.js';

/** What is reported of images by their numbers. */
export interface ReportedImages {
  readonly arePlain: Uint8Array;
  /** The split of each image. */
  readonly splits: Uint8Array;
  readonly keyOf: (image: number) => string;
  readonly labelOf: (image: number) => string;
}

/**
 * Reports copies, and what could not be decided: pairs in doubt that are in different splits, crowds, and images
 * without contrast.
 */
export function reportCopies(
  { groups, doubts, areCrowded }: FoundCopies,
  { arePlain, splits, keyOf, labelOf }: ReportedImages,
  issues: IssueCollector,
): void {
  const [hasCopies, hasConflict] = [new Uint8Array(groups.length), new Uint8Array(groups.length)];
  for (const [image, group] of groups.entries()) {
    if (image === group) continue;
    hasCopies[group] = 1;
    if (labelOf(image) !== labelOf(group)) hasConflict[group] = 1;
  }
  for (const [image, group] of groups.entries()) {
    if (hasCopies[group] === 1) issues.add('COPIES', keyOf(image));
    if (hasConflict[group] === 1) issues.add('LABEL_CONFLICT', keyOf(image));
    if (areCrowded[image] === 1) issues.add('LOOKALIKES_TOO_MANY', keyOf(image));
    if (arePlain[image] === 1) issues.add('NOTHING_TO_COMPARE', keyOf(image));
    const other = doubts[image] ?? image;
    const isReported = doubts[other] === image && other < image;
    if (splits[image] !== splits[other] && !isReported)
      issues.add('COPIES_UNSURE', `${keyOf(image)} ~ ${keyOf(other)}`);
  }
}
