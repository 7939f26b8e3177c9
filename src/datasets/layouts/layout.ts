import { DomainError } from '../../domain/errors.js';
import { ClassNames } from './class-names.js';
import { compareCodeUnits } from '../compare-code-units.js';
import { SAMPLE_COUNT_MAX, type IssueCode, type IssueCollector } from '../issues.js';

/** Image count of each class, in code-unit order of the names: that order numbers the classes. */
export type ClassSizes = ReadonlyMap<string, number>;

const JUNK_NAMES = new Set(['__macosx', 'thumbs.db', 'desktop.ini']);
const TEXT_EXTENSION = /\.(txt|json|csv)$/i;
const SPLIT_FOLDER = /^(train|training|val|valid|validation|dev|test|testing)$/i;
const IMBALANCE_RATIO_MAX = 100;

/**
 * Reads the layout `prefix/<class>/<image>` from one key after the other: the class is the first folder below the prefix,
 * and deeper folders belong to it. Only names known not to be images are left out, each with an issue; whether the rest are
 * images is decided by their bytes. A folder marker (`prefix/<class>/`) makes a class, so that an empty class is noticed.
 * What is found does not depend on the order of the keys.
 */
export class ClassFolders {
  private readonly base: string;
  private readonly sizes = new Map<string, number>();
  private readonly names = new ClassNames();
  private objectCount = 0;

  /** @param prefix A prefix without slashes at its ends; may be empty. */
  constructor(
    prefix: string,
    private readonly issues: IssueCollector,
  ) {
    this.base = prefix === '' ? '' : `${prefix}/`;
  }

  /** The class of an object that is taken for an image; undefined for any other. Counts it. */
  labelOf(key: string): string | undefined {
    if (!key.startsWith(this.base) || key === this.base) return undefined;
    this.objectCount += 1;
    const path = key.slice(this.base.length);
    const ignored = reasonToIgnore(path);
    if (ignored !== undefined) {
      this.issues.add(ignored, key);
      return undefined;
    }
    const label = this.names.read(path.slice(0, path.indexOf('/')));
    const isImage = !path.endsWith('/');
    this.sizes.set(label, (this.sizes.get(label) ?? 0) + (isImage ? 1 : 0));
    return isImage ? label : undefined;
  }

  /**
   * The classes, once every object was placed.
   *
   * @throws {DomainError} DATASET_EMPTY, NEEDS_TWO_CLASSES, or DATASET_INVALID when the folders are splits, not classes, or
   *   readers cannot distinguish the names; see `ClassNames`.
   */
  classes(): ClassSizes {
    const ordered = new Map([...this.sizes].sort(([a], [b]) => compareCodeUnits(a, b)));
    this.names.check(this.base);
    checkClasses(ordered, this.base, this.objectCount);
    reportClassIssues(ordered, this.base, this.issues);
    return ordered;
  }
}

function reasonToIgnore(path: string): IssueCode | undefined {
  const isJunk = path.split('/').some((name) => name.startsWith('.') || JUNK_NAMES.has(name.toLowerCase()));
  if (isJunk) return 'HIDDEN_FILES_IGNORED';
  if (TEXT_EXTENSION.test(path)) return 'TEXT_FILES_IGNORED';
  if (path.indexOf('/') < 1) return 'FILES_OUTSIDE_CLASS_IGNORED';
  return undefined;
}

function checkClasses(classes: ClassSizes, base: string, objectCount: number): void {
  const labels = [...classes.keys()];
  const expected = `expected ${base}<class>/<image> with at least two class folders`;
  const imageCount = [...classes.values()].reduce((sum, size) => sum + size, 0);
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
}

function reportClassIssues(classes: ClassSizes, base: string, issues: IssueCollector): void {
  const spellingCounts = new Map<string, number>();
  let largest = 0;
  for (const [label, size] of classes) {
    const folded = label.toLowerCase();
    spellingCounts.set(folded, (spellingCounts.get(folded) ?? 0) + 1);
    largest = Math.max(largest, size);
  }
  for (const [label, size] of classes) {
    if ((spellingCounts.get(label.toLowerCase()) ?? 0) > 1) issues.add('CLASS_CASE_TWINS', `${base}${label}/`);
    if (largest > IMBALANCE_RATIO_MAX * size) issues.add('CLASS_IMBALANCE', `${base}${label}/`);
  }
}
