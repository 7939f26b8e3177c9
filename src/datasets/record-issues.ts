import type { IssueCollector } from './issues.js';
import type { ImageFormat, ImageRecord } from './manifest.js';

/** Formats by file extension; those that are no `ImageFormat` are never right. */
const FORMAT_OF_EXTENSION = new Map<string, ImageFormat | 'other'>([
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
  ['jpe', 'jpeg'],
  ['jfif', 'jpeg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['gif', 'other'],
  ['bmp', 'other'],
  ['tif', 'other'],
  ['tiff', 'other'],
]);

/** Reports file names that say another format, and equal bytes in several splits, in one split, or in several classes. */
export function reportRecordIssues(records: readonly ImageRecord[], issues: IssueCollector): void {
  const copies = new Map<string, ImageRecord[]>();
  for (const record of records) {
    const named = FORMAT_OF_EXTENSION.get(/\.([^./]+)$/.exec(record.key)?.[1]?.toLowerCase() ?? '');
    if (named !== undefined && named !== record.format) issues.add('EXTENSION_MISMATCH', record.key);
    const group = copies.get(record.sha256);
    if (group === undefined) copies.set(record.sha256, [record]);
    else group.push(record);
  }
  for (const group of copies.values()) if (group.length > 1) reportCopies(group, issues);
}

function reportCopies(group: readonly ImageRecord[], issues: IssueCollector): void {
  const splits = new Set(group.map(({ split }) => split));
  const labels = new Set(group.map(({ label }) => label));
  for (const { key } of group) {
    if (splits.size > 1) issues.add('DUPLICATE_ACROSS_SPLITS', key);
    if (labels.size > 1) issues.add('LABEL_CONFLICT', key);
  }
  for (const split of splits) {
    const within = group.filter((record) => record.split === split);
    if (within.length > 1) for (const { key } of within) issues.add('DUPLICATE_WITHIN_SPLIT', key);
  }
}
