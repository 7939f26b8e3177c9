import { describe, expect, it } from 'vitest';
import expected from '../../test/fixtures/intervals/expected.json' with { type: 'json' };
import { type RandomStream, randomStream } from '../random/random-stream.js';
import { agrestiMinInterval } from './agresti-min.js';
import { methodIntervals } from './method-intervals.js';
import type { Interval } from './interval.js';
import { pairedDifferences } from './paired-differences.js';
import { wilsonInterval } from './wilson.js';

const yieldNow = () => Promise.resolve();
const TEST_COUNT = 150;

const holds = ({ lower, upper }: Interval, value: number) => lower <= value && value <= upper;

/** Labels of so many images of each class. */
const labelsOf = (...imageCounts: readonly number[]) =>
  Int32Array.from(imageCounts.flatMap((count, label) => Array<number>(count).fill(label)));

/** Right with a chance that depends on the class; wrong is the next class. */
function predictionsOf(labels: Int32Array, chances: readonly number[], draw: RandomStream): Int32Array {
  return labels.map((label) => (draw() < (chances[label] ?? 0) ? label : (label + 1) % chances.length));
}

describe('wilsonInterval', () => {
  it.each(expected.wilson)('is that of scipy for $right of $count', ({ right, count, lower, upper }) => {
    const found = wilsonInterval(right, count);
    expect(found.lower).toBeCloseTo(lower, 6);
    expect(found.upper).toBeCloseTo(upper, 6);
  });
});

describe('agrestiMinInterval', () => {
  it.each(expected.agrestiMin)('is that of its definition for $cells', ({ cells, lower, upper }) => {
    const [both = 0, onlyA = 0, onlyB = 0, none = 0] = cells;
    const found = agrestiMinInterval({
      imageCount: both + onlyA + onlyB + none,
      sum: onlyA - onlyB,
      squareSum: onlyA + onlyB,
    });
    expect(found.lower).toBeCloseTo(lower, 6);
    expect(found.upper).toBeCloseTo(upper, 6);
  });
});

describe('intervals of few test images', () => {
  it.each([
    [12, 0.9],
    [12, 0.98],
    [30, 0.95],
    [30, 0.7],
  ])('cover the accuracy in 19 of 20 tests: %i images, %f right', async (imageCount, chance) => {
    const draw = randomStream(`accuracy/${imageCount}/${chance}`);
    const labels = new Int32Array(imageCount);
    let coveredCount = 0;
    for (let test = 0; test < TEST_COUNT; test++) {
      const predictions = predictionsOf(labels, [chance, chance], draw);
      const found = await methodIntervals([predictions], { labels, classCount: 2 }, { key: `${test}`, yieldNow });
      if (holds(found.accuracy, chance)) coveredCount += 1;
    }
    expect(coveredCount / TEST_COUNT).toBeGreaterThan(0.91);
  });

  it.each([
    [
      [4, 4, 4],
      [0.95, 0.9, 0.98],
    ],
    [
      [20, 5, 3],
      [0.9, 0.8, 0.7],
    ],
    [Array<number>(10).fill(3), Array<number>(10).fill(0.95)],
  ])('cover the macro-accuracy: %j images, %j right', async (imageCounts, chances) => {
    const draw = randomStream(`macro/${imageCounts.join()}`);
    const labels = labelsOf(...imageCounts);
    const truth = chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
    let coveredCount = 0;
    for (let test = 0; test < TEST_COUNT; test++) {
      const predictions = predictionsOf(labels, chances, draw);
      const set = { labels, classCount: chances.length };
      const found = await methodIntervals([predictions], set, { key: `${test}`, yieldNow });
      if (holds(found.macroAccuracy, truth)) coveredCount += 1;
    }
    expect(coveredCount / TEST_COUNT).toBeGreaterThan(0.91);
  });

  it.each([
    [12, 0.02, 0.02],
    [20, 0.1, 0.02],
    [40, 0.15, 0.05],
  ])('cover the difference: %i images, %f right by a alone, %f by b alone', async (imageCount, onlyA, onlyB) => {
    const draw = randomStream(`difference/${imageCount}/${onlyA}`);
    const labels = new Int32Array(imageCount);
    let coveredCount = 0;
    for (let test = 0; test < TEST_COUNT; test++) {
      const places = Float64Array.from(labels, () => draw());
      const a = Int32Array.from(places, (place) => (place < 0.7 + onlyA ? 0 : 1));
      const b = Int32Array.from(places, (place) =>
        place < 0.7 || (place >= 0.7 + onlyA && place < 0.7 + onlyA + onlyB) ? 0 : 1,
      );
      const found = await pairedDifferences([a], [b], { labels, classCount: 2 }, { key: `${test}`, yieldNow });
      if (holds(found.accuracy, onlyA - onlyB)) coveredCount += 1;
    }
    expect(coveredCount / TEST_COUNT).toBeGreaterThan(0.91);
  });

  it('cover the difference of macro-accuracies', async () => {
    const draw = randomStream('macro difference');
    const labels = labelsOf(8, 4, 4);
    let coveredCount = 0;
    for (let test = 0; test < TEST_COUNT; test++) {
      const a = predictionsOf(labels, [0.9, 0.9, 0.8], draw);
      // Right where a is, but for one image in ten; elsewhere one in ten.
      const b = labels.map((label, at) => ((a[at] === label) === draw() < 0.9 ? label : (label + 1) % 3));
      const truth = (0.9 + 0.9 + 0.8) / 3 - (0.82 + 0.82 + 0.74) / 3;
      const found = await pairedDifferences([a], [b], { labels, classCount: 3 }, { key: `${test}`, yieldNow });
      if (holds(found.macroAccuracy, truth)) coveredCount += 1;
    }
    expect(coveredCount / TEST_COUNT).toBeGreaterThan(0.91);
  });

  it('do not collapse where all of 12 are right, with any number of seeds', async () => {
    const labels = labelsOf(4, 4, 4);
    for (const seeds of [[labels], [labels, labels, labels]]) {
      const found = await methodIntervals(seeds, { labels, classCount: 3 }, { key: 'all', yieldNow });
      expect(found.accuracy.upper).toBe(1);
      expect(found.accuracy.lower).toBeCloseTo(0.7575, 3);
      for (const { lower } of [found.macroAccuracy, found.macroF1]) expect(lower).toBeLessThan(0.75);
    }
  });

  it('do not say that two models which agree on 12 images are equal', async () => {
    const labels = labelsOf(4, 4, 4);
    const found = await pairedDifferences([labels], [labels], { labels, classCount: 3 }, { key: 'agree', yieldNow });
    for (const { estimate, lower, upper } of [found.accuracy, found.macroAccuracy]) {
      expect(estimate).toBe(0);
      expect(lower).toBeLessThan(-0.13);
      expect(upper).toBeCloseTo(-lower, 12);
    }
  });
});
