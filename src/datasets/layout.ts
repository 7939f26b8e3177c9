import { DomainError } from '../domain/errors.js';
import { SAMPLE_COUNT_MAX, type IssueCode, type IssueCollector } from './issues.js';

/** Class names in code-unit order (that order numbers the classes), each with its objects in key order. */
export type ClassFolders<T> = ReadonlyMap<string, readonly T[]>;

const JUNK_NAMES = new Set(['__macosx', 'thumbs.db', 'desktop.ini']);
const TEXT_EXTENSION = /\.(txt|json|csv)$/i;
const SPLIT_FOLDER = /^(train|training|val|valid|validation|dev|test|testing)$/i;
const IMBALANCE_RATIO_MAX = 100;

/**
 * Reads the layout `prefix/<class>/<image>`: the class is the first folder below the prefix, and deeper folders belong
 * to it. Only names known not to be images are left out, each with an issue; whether the rest are images is decided by
 * their bytes. A folder marker (`prefix/<class>/`) makes a class, so that an empty class is noticed.
 *
 * @param objects In any order; those not below `prefix/` are not looked at.
 * @param prefix Without slashes at its ends; may be empty.
 * @throws {DomainError} DATASET_EMPTY, NEEDS_TWO_CLASSES, or DATASET_INVALID when the folders are splits, not classes,
 *   or a class name holds a NUL character.
 */
export function readClassFolders<T extends { readonly key: string }>(
  objects: readonly T[],
  prefix: string,
  issues: IssueCollector,
): ClassFolders<T> {
  const base = prefix === '' ? '' : `${prefix}/`;
  const below = objects.filter(({ key }) => key.startsWith(base) && key !== base).sort(byKey);
  const classes = new Map<string, T[]>();
  for (const object of below) {
    const path = object.key.slice(base.length);
    const ignored = reasonToIgnore(path);
    if (ignored !== undefined) {
      issues.add(ignored, object.key);
      continue;
    }
    const label = path.slice(0, path.indexOf('/'));
    const images = classes.get(label) ?? [];
    classes.set(label, images);
    if (!path.endsWith('/')) images.push(object);
  }
  const ordered = new Map([...classes].sort(([a], [b]) => compareCodeUnits(a, b)));
  checkClasses(ordered, base, below.length);
  reportClassIssues(ordered, base, issues);
  return ordered;
}

/** Orders text by UTF-16 code units: the same on every machine, unlike `localeCompare`. */
export function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }) => compareCodeUnits(a.key, b.key);

function reasonToIgnore(path: string): IssueCode | undefined {
  const isJunk = path.split('/').some((name) => name.startsWith('.') || JUNK_NAMES.has(name.toLowerCase()));
  if (isJunk) return 'HIDDEN_FILES_IGNORED';
  if (TEXT_EXTENSION.test(path)) return 'TEXT_FILES_IGNORED';
  if (path.indexOf('/') < 1) return 'FILES_OUTSIDE_CLASS_IGNORED';
  return undefined;
}

function checkClasses(classes: ClassFolders<unknown>, base: string, objectCount: number): void {
  const labels = [...classes.keys()];
  const expected = `expected ${base}<class>/<image> with at least two class folders`;
  const imageCount = [...classes.values()].reduce((sum, images) => sum + images.length, 0);
  const metadata = {
    prefix: base,
    imageCount: String(imageCount),
    classes: labels.slice(0, SAMPLE_COUNT_MAX).join(', '),
  };
  if (imageCount === 0) {
    const found = `no images in class folders among ${objectCount} objects below "${base}"`;
    throw new DomainError('DATASET_EMPTY', `${found}; ${expected}`, { ...metadata, objectCount: String(objectCount) });
  }
  if (labels.length < 2) {
    const found = `found one class folder, "${labels.join()}", with ${imageCount} images`;
    throw new DomainError('NEEDS_TWO_CLASSES', `${found}; ${expected}`, metadata);
  }
  if (labels.every((label) => SPLIT_FOLDER.test(label))) {
    const found = `the folders below "${base}" (${labels.join(', ')}) are splits, not classes`;
    throw new DomainError('DATASET_INVALID', `${found}; ${expected}: the service makes the splits itself`, metadata);
  }
  const withNul = labels.find((label) => label.includes('\u0000'));
  if (withNul !== undefined) {
    const found = `class folder ${JSON.stringify(withNul)} has a NUL character in its name; rename it`;
    throw new DomainError('DATASET_INVALID', found, { ...metadata, classes: JSON.stringify(withNul) });
  }
}

function reportClassIssues(classes: ClassFolders<unknown>, base: string, issues: IssueCollector): void {
  const spellingCounts = new Map<string, number>();
  let largest = 0;
  for (const [label, { length }] of classes) {
    const folded = label.toLowerCase();
    spellingCounts.set(folded, (spellingCounts.get(folded) ?? 0) + 1);
    largest = Math.max(largest, length);
  }
  for (const [label, { length }] of classes) {
    if ((spellingCounts.get(label.toLowerCase()) ?? 0) > 1) issues.add('CLASS_CASE_TWINS', `${base}${label}/`);
    if (largest > IMBALANCE_RATIO_MAX * length) issues.add('CLASS_IMBALANCE', `${base}${label}/`);
  }
}
