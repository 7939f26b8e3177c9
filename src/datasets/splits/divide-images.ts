import type { Division } from '../../domain/dataset/division.js';
import { randomStream } from '../../random/random-stream.js';

/** The images that a redivided training trains on, and those that it validates on: ascending places in the list of all. */
export interface DividedImages {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** What a division follows from, beside the number of parts and the seed. */
export interface DivisibleImages {
  /** The class index of each image. */
  readonly labels: ArrayLike<number>;
  /** The place of the first image with the same bytes: an image's own where none before it has them. */
  readonly firstCopies: ArrayLike<number>;
}

/**
 * Cuts images into parts of about equal size, each class evenly over all of them, and gives the side of one part: it is
 * validated on, all others are trained on. Images with the same bytes are in one part. The parts follow from the images'
 * order, and from the seed where there is one: other seeds, and none, give parts that have nothing to do with each other.
 *
 * Without copies the parts differ by at most one image, in all and in each class.
 *
 * @throws {RangeError} when `part` or `partCount` is out of range.
 */
export function divideImages(images: DivisibleImages, { part, partCount, seed }: Division): DividedImages {
  if (!Number.isInteger(partCount) || partCount < 2) throw new RangeError(`partCount ${partCount} is not 2 or more`);
  if (!Number.isInteger(part) || part < 0 || part >= partCount) {
    throw new RangeError(`part ${part} is not in 0..${partCount - 1}`);
  }
  const parts = partsOf(images, partCount, seed);
  const places = Int32Array.from(parts.keys());
  return {
    train: places.filter((place) => parts[place] !== part),
    validation: places.filter((place) => parts[place] === part),
  };
}

/** The part of each image. */
function partsOf(images: DivisibleImages, partCount: number, seed: number | undefined): Int32Array {
  const { labels } = images;
  const parts = new Int32Array(labels.length);
  const filling = new Filling(partCount);
  for (const group of groupsOf(images, seed)) {
    const classes = group.map((place) => labels[place] ?? 0);
    const part = filling.emptiestFor(classes);
    for (const place of group) parts[place] = part;
    filling.add(part, classes);
  }
  return parts;
}

/**
 * The places of images with the same bytes: the largest groups first, so that single images fill up behind them; then class
 * by class, so that what is left of one class evens out what was left of the one before. Equal ones follow each other as the
 * seed says, and by their places without one.
 */
function groupsOf({ labels, firstCopies }: DivisibleImages, seed: number | undefined): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (let place = 0; place < labels.length; place++) {
    const first = firstCopies[place] ?? place;
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [place]);
    else group.push(place);
  }
  const labelOf = ([first = 0]: readonly number[]) => labels[first] ?? 0;
  const draw = seed === undefined ? () => 0 : randomStream(`${seed}/division`);
  return [...groups.values()]
    .map((group) => ({ group, drawn: draw() }))
    .sort((a, b) => b.group.length - a.group.length || labelOf(a.group) - labelOf(b.group) || a.drawn - b.drawn)
    .map(({ group }) => group);
}

/** How many images each part has, in all and of each class. */
class Filling {
  private readonly all: number[];
  private readonly ofClasses = new Map<number, number[]>();

  constructor(private readonly partCount: number) {
    this.all = this.none();
  }

  /** The part with the fewest images of these classes; of equal ones that with the fewest in all, then the first. */
  emptiestFor(classes: readonly number[]): number {
    const counts = this.all.map((_, part) => classes.reduce((sum, label) => sum + (this.ofClass(label)[part] ?? 0), 0));
    return counts.reduce((best, count, part) => {
      const lead = count - (counts[best] ?? 0) || (this.all[part] ?? 0) - (this.all[best] ?? 0);
      return lead < 0 ? part : best;
    }, 0);
  }

  add(part: number, classes: readonly number[]): void {
    for (const label of classes) {
      const ofClass = this.ofClass(label);
      ofClass[part] = (ofClass[part] ?? 0) + 1;
      this.all[part] = (this.all[part] ?? 0) + 1;
    }
  }

  private ofClass(label: number): number[] {
    const known = this.ofClasses.get(label);
    if (known !== undefined) return known;
    const counts = this.none();
    this.ofClasses.set(label, counts);
    return counts;
  }

  private readonly none = () => Array.from({ length: this.partCount }, () => 0);
}
