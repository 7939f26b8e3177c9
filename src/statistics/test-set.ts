import type { PairedDifference } from './agresti-min.js';
import { type ClassCounts, type ClassFigures, classFigures } from './class-figures.js';

/** Class indices, one per test image, in an order that all lists of a comparison share. */
export type ClassIndices = ArrayLike<number>;

/** The images that methods are scored on. */
export interface TestSet {
  readonly labels: ClassIndices;
  readonly classCount: number;
}

/** What the trainings of one method, one per seed, take the test images for. */
export type MethodPredictions = readonly ClassIndices[];

/** How many images of each kind there are. */
export type Weights = Int32Array;

/** How a method does on the images of one class. */
export interface ClassResult {
  imageCount: number;
  rightCount: number;
  /** Images of any class that were taken for this one. */
  predictionCount: number;
}

/**
 * Test images, and how methods do on any choice of them.
 *
 * Images are of one kind when they have the same label and all trainings take them for the same: most are right for all. So
 * there are far fewer kinds than images, and all counts are over kinds.
 */
export class ScoredTestSet {
  readonly imageCount: number;
  /** What a look at one choice of images takes: draws, and visits of kinds by the trainings. */
  readonly visitCount: number;
  private readonly classCount: number;
  /** The kind of each image. */
  private readonly kinds: Int32Array;
  /** One per kind. */
  private readonly labels: Int32Array;
  /** By method, seed and kind. */
  private readonly methods: readonly (readonly Int32Array[])[];
  /** The images as they are. */
  private readonly weights: Weights;

  /** @throws {RangeError} without images or seeds, or when lists differ in length or have an index that is no class. */
  constructor({ labels, classCount }: TestSet, methods: readonly MethodPredictions[]) {
    this.imageCount = labels.length;
    this.classCount = classCount;
    if (this.imageCount === 0) throw new RangeError('there are no test images');
    if (methods.some((seeds) => seeds.length === 0)) throw new RangeError('a method has no predictions');
    for (const indices of [labels, ...methods.flat()]) this.check(indices);
    const { kinds, examples } = kindsOf([labels, ...methods.flat()]);
    const byKind = (indices: ClassIndices) => Int32Array.from(examples, (image) => indices[image] ?? NaN);
    this.kinds = kinds;
    this.labels = byKind(labels);
    this.methods = methods.map((seeds) => seeds.map(byKind));
    this.weights = this.weightsOf((place) => place);
    this.visitCount = this.imageCount + examples.length * methods.flat().length;
  }

  /** The weights of as many images as there are. @param imageAt The index of the image at each place, from 0. */
  weightsOf(imageAt: (place: number) => number): Weights {
    const weights = new Int32Array(this.labels.length);
    for (let place = 0; place < this.imageCount; place++) add(weights, this.kinds[imageAt(place)], 1);
    return weights;
  }

  /** The figures of each method, one per seed. @param weights Not all 0; the images as they are if absent. */
  figures(weights = this.weights): ClassFigures[][] {
    const images = new Int32Array(this.classCount);
    for (let kind = 0; kind < weights.length; kind++) add(images, this.labels[kind], weights[kind]);
    return this.methods.map((seeds) =>
      seeds.map((predictions) => classFigures(this.countsOf(predictions, images, weights))),
    );
  }

  /** How a method does on the images of each class that has some, as means over its seeds. */
  classResults(method: number): ClassResult[] {
    const results = this.classTable<ClassResult>({ imageCount: 0, rightCount: 0, predictionCount: 0 });
    const seeds = this.methods[method] ?? [];
    for (const [kind, label] of this.labels.entries()) {
      const weight = this.weights[kind] ?? 0;
      const own = results[label];
      if (own === undefined) continue;
      own.imageCount += weight;
      for (const predictions of seeds) {
        const predicted = results[predictions[kind] ?? -1];
        if (predicted === undefined) continue;
        predicted.predictionCount += weight / seeds.length;
        if (predicted === own) own.rightCount += weight / seeds.length;
      }
    }
    return results.filter(({ imageCount }) => imageCount > 0);
  }

  /** How two methods do on the same images of each class that has some. */
  classPairs(methodA: number, methodB: number): PairedDifference[] {
    const pairs = this.classTable({ imageCount: 0, sum: 0, squareSum: 0 });
    for (const [kind, label] of this.labels.entries()) {
      const weight = this.weights[kind] ?? 0;
      const own = pairs[label];
      if (own === undefined) continue;
      const difference = this.rightShare(methodA, kind) - this.rightShare(methodB, kind);
      own.imageCount += weight;
      own.sum += weight * difference;
      own.squareSum += weight * difference ** 2;
    }
    return pairs.filter(({ imageCount }) => imageCount > 0);
  }

  private classTable<T extends object>(empty: T): T[] {
    return Array.from({ length: this.classCount }, () => ({ ...empty }));
  }

  /** Share of a method's seeds that are right on a kind of images. */
  private rightShare(method: number, kind: number): number {
    const seeds = this.methods[method] ?? [];
    return seeds.filter((predictions) => predictions[kind] === this.labels[kind]).length / seeds.length;
  }

  private countsOf(predictions: Int32Array, images: Int32Array, weights: Weights): ClassCounts {
    const counts = { images, predictions: new Int32Array(this.classCount), right: new Int32Array(this.classCount) };
    for (let kind = 0; kind < weights.length; kind++) {
      const weight = weights[kind];
      if (weight === 0) continue;
      add(counts.predictions, predictions[kind], weight);
      if (predictions[kind] === this.labels[kind]) add(counts.right, predictions[kind], weight);
    }
    return counts;
  }

  private check(indices: ClassIndices): void {
    if (indices.length !== this.imageCount) {
      throw new RangeError(`there are ${this.imageCount} labels and ${indices.length} predictions`);
    }
    const isClass = (index: number) => Number.isInteger(index) && index >= 0 && index < this.classCount;
    const wrong = Array.from(indices).find((index) => !isClass(index));
    if (wrong !== undefined) throw new RangeError(`class ${wrong} is none of ${this.classCount}`);
  }
}

/** @returns The kind of each image, from 0, and an image of each kind. */
function kindsOf(lists: readonly ClassIndices[]): { kinds: Int32Array; examples: readonly number[] } {
  const kindOf = new Map<string, number>();
  const examples: number[] = [];
  const kinds = Int32Array.from({ length: lists[0]?.length ?? 0 }, (_, image) => {
    const key = lists.map((indices) => indices[image]).join();
    const kind = kindOf.get(key) ?? examples.push(image) - 1;
    kindOf.set(key, kind);
    return kind;
  });
  return { kinds, examples };
}

function add(counts: Int32Array, index = 0, weight = 0): void {
  counts[index] = (counts[index] ?? 0) + weight;
}
