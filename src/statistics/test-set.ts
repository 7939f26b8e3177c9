import type { PairedCounts } from './agresti-min.js';
import { type ClassCounts, perFigure, type ClassFigures, classFigures } from './class-figures.js';

/** Class indices, one per test image, in an order that all lists of a comparison share. */
export type ClassIndices = ArrayLike<number>;

/** The images that methods are scored on. */
export interface TestSet {
  readonly labels: ClassIndices;
  readonly classCount: number;
}

/** What the trainings of one method, one per seed, take the test images for. */
export type MethodPredictions = readonly ClassIndices[];

/** How often each image, or each seed, counts. */
export type Weights = Int32Array;

/** How a method does on the images of one class. */
export interface ClassResult {
  imageCount: number;
  rightCount: number;
  /** Images of any class that were taken for this one. */
  predictionCount: number;
}

/** Test images, and how methods do on any choice of them. */
export class ScoredTestSet {
  readonly imageCount: number;
  private readonly labels: Int32Array;
  private readonly methods: readonly (readonly Int32Array[])[];
  private readonly classCount: number;

  /** @throws {RangeError} without images or seeds, or when lists differ in length or have an index that is no class. */
  constructor({ labels, classCount }: TestSet, methods: readonly MethodPredictions[]) {
    this.imageCount = labels.length;
    this.classCount = classCount;
    if (this.imageCount === 0) throw new RangeError('there are no test images');
    if (methods.some((seeds) => seeds.length === 0)) throw new RangeError('a method has no predictions');
    this.labels = this.checked(labels);
    this.methods = methods.map((seeds) => seeds.map((predictions) => this.checked(predictions)));
  }

  /** The number of seeds of each method. */
  get seedCounts(): number[] {
    return this.methods.map((seeds) => seeds.length);
  }

  /**
   * The mean figures of each method over its seeds.
   *
   * @param imageWeights One per image, not all 0.
   * @param seedWeights Per method, one per seed, not all 0.
   */
  figures(imageWeights: Weights, seedWeights: readonly Weights[]): ClassFigures[] {
    const images = new Int32Array(this.classCount);
    for (let at = 0; at < this.imageCount; at++) add(images, this.labels[at], imageWeights[at]);
    return this.methods.map((seeds, method) => {
      const weighted = seeds.flatMap((predictions, seed) => {
        const weight = seedWeights[method]?.[seed] ?? 0;
        return weight === 0
          ? []
          : [{ weight, figures: classFigures(this.countsOf(predictions, images, imageWeights)) }];
      });
      const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
      return perFigure(
        (name) => weighted.reduce((sum, { weight, figures }) => sum + weight * figures[name], 0) / total,
      );
    });
  }

  /** How a method does on the images of each class that has some, as means over its seeds. */
  classResults(method: number): ClassResult[] {
    const results = this.classTable<ClassResult>({ imageCount: 0, rightCount: 0, predictionCount: 0 });
    const seeds = this.methods[method] ?? [];
    const share = 1 / seeds.length;
    for (let at = 0; at < this.imageCount; at++) {
      const own = results[this.labels[at] ?? -1];
      if (own === undefined) continue;
      own.imageCount += 1;
      for (const predictions of seeds) {
        const predicted = results[predictions[at] ?? -1];
        if (predicted === undefined) continue;
        predicted.predictionCount += share;
        if (predicted === own) own.rightCount += share;
      }
    }
    return results.filter(({ imageCount }) => imageCount > 0);
  }

  /** How two methods do on the same images of each class that has some, as means over pairs of their seeds. */
  classPairs(methodA: number, methodB: number): PairedCounts[] {
    const pairs = this.classTable({ imageCount: 0, onlyA: 0, onlyB: 0 });
    for (let at = 0; at < this.imageCount; at++) {
      const own = pairs[this.labels[at] ?? -1];
      if (own === undefined) continue;
      const [rightA, rightB] = [this.rightShare(methodA, at), this.rightShare(methodB, at)];
      own.imageCount += 1;
      own.onlyA += rightA * (1 - rightB);
      own.onlyB += rightB * (1 - rightA);
    }
    return pairs.filter(({ imageCount }) => imageCount > 0);
  }

  private classTable<T extends object>(empty: T): T[] {
    return Array.from({ length: this.classCount }, () => ({ ...empty }));
  }

  /** Share of a method's seeds that are right on an image. */
  private rightShare(method: number, at: number): number {
    const seeds = this.methods[method] ?? [];
    return seeds.filter((predictions) => predictions[at] === this.labels[at]).length / seeds.length;
  }

  private countsOf(predictions: Int32Array, images: Int32Array, imageWeights: Weights): ClassCounts {
    const counts = { images, predictions: new Int32Array(this.classCount), right: new Int32Array(this.classCount) };
    for (let at = 0; at < this.imageCount; at++) {
      const weight = imageWeights[at];
      if (weight === 0) continue;
      add(counts.predictions, predictions[at], weight);
      if (predictions[at] === this.labels[at]) add(counts.right, predictions[at], weight);
    }
    return counts;
  }

  private checked(indices: ClassIndices): Int32Array {
    if (indices.length !== this.imageCount) {
      throw new RangeError(`there are ${this.imageCount} labels and ${indices.length} predictions`);
    }
    const isClass = (index: number) => Number.isInteger(index) && index >= 0 && index < this.classCount;
    const wrong = Array.from(indices).find((index) => !isClass(index));
    if (wrong !== undefined) throw new RangeError(`class ${wrong} is none of ${this.classCount}`);
    return Int32Array.from(indices);
  }
}

function add(counts: Int32Array, index = 0, weight = 0): void {
  counts[index] = (counts[index] ?? 0) + weight;
}
