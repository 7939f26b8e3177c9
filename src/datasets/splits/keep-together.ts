import { SPLITS, type SplitConfig, type SplitCounts } from '../../domain/dataset/dataset.js';
import { DomainError } from '../../domain/errors.js';
import { type ClassedImages, compareDraws, splitCounts } from './split.js';

/** Positions in `SPLITS`. */
const TRAIN_VALIDATION_TEST = [0, 1, 2] as const;

/** A division in which all copies of an image are in one split. */
export interface SealedDivision {
  /** The split of each image, as its position in `SPLITS`. */
  readonly splits: Uint8Array;
  /** The images of each class in each split. */
  readonly counts: readonly SplitCounts[];
}

/**
 * Moves copies that a draw has put into several splits into one of them, and nothing else: the largest group first, each to
 * where most images are missing, so that every class keeps its proportions within the size of a group. Where that leaves a
 * class without images in a split, its smallest group, or a single image, moves there.
 *
 * @param drawn The split of each image by its draw alone.
 * @param groups The smallest number among each image and its copies.
 * @param labels The labels of the classes, to name them.
 * @throws {DomainError} TOO_FEW_IMAGES_PER_CLASS when a class has too few different images for three splits.
 */
export function keepTogether(
  images: ClassedImages,
  drawn: Uint8Array,
  groups: Uint32Array,
  config: SplitConfig,
  labels: readonly string[],
): SealedDivision {
  const division = new Division(images, drawn, config);
  const members = groupedMembers(groups);
  for (const { start, end } of straddlingGroups(members, groups, drawn, images.draws)) {
    division.place(members.subarray(start, end));
  }
  division.fillEmptySplits(groups, labels);
  return division.sealed();
}

/** The numbers of images that have copies, those of a group side by side. */
function groupedMembers(groups: Uint32Array): Uint32Array {
  const hasCopies = new Uint8Array(groups.length);
  for (const [image, group] of groups.entries()) if (image !== group) hasCopies[group] = hasCopies[image] = 1;
  let count = 0;
  for (const flag of hasCopies) count += flag;
  const members = new Uint32Array(count);
  for (let image = 0, at = 0; image < groups.length; image++) if (hasCopies[image] === 1) members[at++] = image;
  return members.sort((a, b) => (groups[a] ?? 0) - (groups[b] ?? 0) || a - b);
}

/** Where groups with images in several splits lie in `members`: the largest first, equals in the order of their first image's draw. */
function* straddlingGroups(
  members: Uint32Array,
  groups: Uint32Array,
  drawn: Uint8Array,
  draws: Uint32Array,
): Generator<{ readonly start: number; readonly end: number }> {
  const starts: number[] = [];
  const ends = new Uint32Array(members.length);
  let start = 0;
  while (start < members.length) {
    const group = groups[members[start] ?? 0];
    const split = drawn[members[start] ?? 0];
    let end = start;
    let isStraddling = false;
    for (; end < members.length && groups[members[end] ?? 0] === group; end++) {
      isStraddling ||= drawn[members[end] ?? 0] !== split;
    }
    ends[start] = end;
    if (isStraddling) starts.push(start);
    start = end;
  }
  const size = (first: number) => (ends[first] ?? 0) - first;
  starts.sort((a, b) => size(b) - size(a) || compareDraws(draws, members[a] ?? 0, members[b] ?? 0) || a - b);
  for (const first of starts) yield { start: first, end: ends[first] ?? first };
}

/** Splits of images as they are moved, and how many images each class has in each. */
class Division {
  private readonly splits: Uint8Array;
  /** [class, split] */
  private readonly counts: Int32Array;
  private readonly targets: Int32Array;
  private readonly classCount: number;

  constructor(
    private readonly images: ClassedImages,
    drawn: Uint8Array,
    config: SplitConfig,
  ) {
    this.splits = Uint8Array.from(drawn);
    this.classCount = images.classStarts.length - 1;
    this.targets = Int32Array.from({ length: this.classCount * 3 }, (_, place) => {
      const [start, end] = this.range(Math.floor(place / 3));
      return splitCounts(end - start, config)[SPLITS[place % 3] ?? 'train'];
    });
    this.counts = Int32Array.from(this.targets);
  }

  /** Moves all images of a group to the split that most images of their classes are missing from. */
  place(group: Uint32Array): void {
    const need = [0, 0, 0];
    for (const image of group) this.add(image, -1);
    for (const image of group) {
      const place = this.classOf(image) * 3;
      for (const split of TRAIN_VALIDATION_TEST) {
        need[split] = (need[split] ?? 0) + (this.targets[place + split] ?? 0) - (this.counts[place + split] ?? 0);
      }
    }
    const split = need.indexOf(Math.max(...need));
    for (const image of group) this.put(image, split);
  }

  fillEmptySplits(groups: Uint32Array, labels: readonly string[]): void {
    for (let index = 0; index < this.classCount; index++) {
      for (const split of TRAIN_VALIDATION_TEST) {
        if ((this.counts[index * 3 + split] ?? 0) > 0) continue;
        const unit = this.smallestUnit(index, groups);
        if (unit === undefined) throw tooFewDifferent(labels[index] ?? '', this.range(index), groups);
        for (const image of unit) this.add(image, -1);
        for (const image of unit) this.put(image, split);
      }
    }
  }

  sealed(): SealedDivision {
    const counts = Array.from({ length: this.classCount }, (_, index) => {
      const [train = 0, validation = 0, test = 0] = this.counts.subarray(index * 3, index * 3 + 3);
      return { train, validation, test };
    });
    return { splits: this.splits, counts };
  }

  /** The smallest group of a class, or single image, that lies in no other class and leaves no split empty. */
  private smallestUnit(index: number, groups: Uint32Array): readonly number[] | undefined {
    const units = new Map<number, number[]>();
    for (const [image, group] of groups.entries()) {
      // The group's number is its first image: with that elsewhere, the group is not of this class alone.
      if (this.classOf(group) !== index) continue;
      const unit = units.get(group);
      if (unit === undefined) units.set(group, [image]);
      else unit.push(image);
    }
    const movable = [...units.values()].filter((unit) => {
      const isInside = unit.every((image) => this.classOf(image) === index);
      return isInside && (this.counts[index * 3 + (this.splits[unit[0] ?? 0] ?? 0)] ?? 0) > unit.length;
    });
    return movable.reduce<number[] | undefined>(
      (least, unit) => (least === undefined || unit.length < least.length ? unit : least),
      undefined,
    );
  }

  private put(image: number, split: number): void {
    this.splits[image] = split;
    this.add(image, 1);
  }

  private add(image: number, change: number): void {
    const place = this.classOf(image) * 3 + (this.splits[image] ?? 0);
    this.counts[place] = (this.counts[place] ?? 0) + change;
  }

  private range(index: number): readonly [start: number, end: number] {
    const [start = 0, end = start] = this.images.classStarts.slice(index, index + 2);
    return [start, end];
  }

  private classOf(image: number): number {
    const { classStarts } = this.images;
    let [low, high] = [0, classStarts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((classStarts[middle] ?? 0) <= image) low = middle;
      else high = middle;
    }
    return low;
  }
}

function tooFewDifferent(label: string, [start, end]: readonly [number, number], groups: Uint32Array): DomainError {
  const differentCount = new Set(groups.subarray(start, end)).size;
  return new DomainError(
    'TOO_FEW_IMAGES_PER_CLASS',
    `class "${label}" has ${end - start} images, but they are copies of ${differentCount}, or of images of other classes, and ` +
      'all copies of an image belong in one split; each of the three splits needs one: add different images, or remove the folder',
    { class: label, imageCount: String(end - start), differentCount: String(differentCount) },
  );
}
