import type { DatasetIssue } from '../domain/dataset/dataset.js';
import { compareCodeUnits } from './compare-code-units.js';

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
  COPIES: {
    severity: 'WARN',
    hint: 'Copies of an image (equal, re-encoded or resized) weigh more; all of them were put into one split, so that no score comes from what was trained on. Remove the copies.',
  },
  LABEL_CONFLICT: {
    severity: 'WARN',
    hint: 'Copies of an image are in more than one class; keep each image in the class it belongs to.',
  },
  COPIES_UNSURE: {
    severity: 'WARN',
    hint: 'These pairs, in different splits, look alike, and nobody could say by their pixels whether they are copies; look at them, and remove those that are.',
  },
  LOOKALIKES_TOO_MANY: {
    severity: 'WARN',
    hint: 'More than 100 images look like these, so that copies among them were found by equal bytes alone; remove what has nothing to see, and copies.',
  },
  NOTHING_TO_COMPARE: {
    severity: 'WARN',
    hint: 'These images are hardly more than one colour, so that only equal pixels were taken for copies; look whether they belong to the dataset.',
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
  private readonly found = new Map<IssueCode, { count: number; readonly samples: string[] }>();

  /** @param key The object at fault, or a pair of them; for a fault of a whole class, one object of it or its folder. */
  add(code: IssueCode, key: string): void {
    const entry = this.found.get(code) ?? { count: 0, samples: [] };
    this.found.set(code, entry);
    entry.count += 1;
    const { samples } = entry;
    const last = samples.at(-1);
    if (samples.length === SAMPLE_COUNT_MAX && last !== undefined && compareCodeUnits(key, last) >= 0) return;
    samples.push(key);
    samples.sort(compareCodeUnits);
    samples.splice(SAMPLE_COUNT_MAX);
  }

  /** @returns One issue a code, in the order of the table above, with its samples in order: whatever was met first. */
  list(): DatasetIssue[] {
    return (Object.keys(ISSUES) as IssueCode[]).flatMap((code) => {
      const entry = this.found.get(code);
      return entry === undefined ? [] : [{ code, ...ISSUES[code], ...entry }];
    });
  }
}
