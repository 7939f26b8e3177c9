import type { DatasetIssue } from '../domain/dataset.js';

/** Everything an import reports without stopping, in the order in which it is shown. */
const ISSUES = {
  HIDDEN_FILES_IGNORED: {
    severity: 'INFO',
    hint: 'Hidden files and files that operating systems leave behind are not part of the dataset.',
  },
  TEXT_FILES_IGNORED: {
    severity: 'INFO',
    hint: 'Labels come from the folder names; .txt, .json and .csv files are not read.',
  },
  FILES_OUTSIDE_CLASS_IGNORED: {
    severity: 'WARN',
    hint: 'These lie directly under the prefix and so have no class; move them into a class folder to use them.',
  },
  CLASS_CASE_TWINS: {
    severity: 'WARN',
    hint: 'Class names that differ only in upper and lower case are different classes; rename one folder if they are the same.',
  },
  CLASS_IMBALANCE: {
    severity: 'WARN',
    hint: 'The largest class has more than 100 times the images of these classes; add images to them.',
  },
  DUPLICATE_ACROSS_SPLITS: {
    severity: 'WARN',
    hint: 'The same bytes are in more than one split, so the scores are too good; remove the copies.',
  },
  DUPLICATE_WITHIN_SPLIT: {
    severity: 'WARN',
    hint: 'The same bytes are more than once in a split and weigh more there; remove the copies.',
  },
  LABEL_CONFLICT: {
    severity: 'WARN',
    hint: 'The same bytes are in more than one class; keep each image in the class it belongs to.',
  },
  EXTENSION_MISMATCH: {
    severity: 'WARN',
    hint: 'The file name says another format than the bytes; the bytes decide.',
  },
  ANIMATED: { severity: 'WARN', hint: 'Only the first frame of an animation is used.' },
  CMYK: {
    severity: 'WARN',
    hint: 'Print colours are converted to sRGB and may shift; convert them yourself to be sure.',
  },
  SIXTEEN_BIT: { severity: 'WARN', hint: 'Scaled to 8 bits a channel.' },
  ALPHA: { severity: 'WARN', hint: 'Transparent pixels are laid on white.' },
  ROTATED: { severity: 'WARN', hint: 'Turned upright by the EXIF orientation.' },
} as const satisfies Record<string, Pick<DatasetIssue, 'severity' | 'hint'>>;

export type IssueCode = keyof typeof ISSUES;

export const SAMPLE_COUNT_MAX = 20;

/** Collects issues as an import meets them; keeps a count and the first 20 keys of each, however many there are. */
export class IssueCollector {
  private readonly found = new Map<IssueCode, { count: number; samples: string[] }>();

  /** @param key The object at fault; for a fault of a whole class, one object of it or its folder. */
  add(code: IssueCode, key: string): void {
    const entry = this.found.get(code) ?? { count: 0, samples: [] };
    entry.count += 1;
    if (entry.samples.length < SAMPLE_COUNT_MAX) entry.samples.push(key);
    this.found.set(code, entry);
  }

  /** @returns One issue a code, in the order of the table above whatever was met first. */
  list(): DatasetIssue[] {
    return (Object.keys(ISSUES) as IssueCode[]).flatMap((code) => {
      const entry = this.found.get(code);
      return entry === undefined ? [] : [{ code, ...ISSUES[code], ...entry }];
    });
  }
}
