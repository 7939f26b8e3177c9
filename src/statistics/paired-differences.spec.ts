import { describe, expect, it } from 'vitest';
import { randomStream } from '../random/random-stream.js';
import { bootstrapIntervals } from './bootstrap-intervals.js';
import { disagreement } from './disagreement.js';
import { pairedDifferences } from './paired-differences.js';

const resampling = (key: string) => ({ key, yieldNow: () => Promise.resolve() });

const LABELS = new Int32Array(1000);
const TEST = { labels: LABELS, classCount: 2 };
/** Right on the images from one place to another, in thousandths. */
const rightBetween = (from: number, to: number) => LABELS.map((_, at) => (at >= from && at < to ? 0 : 1));

describe('pairedDifferences', () => {
  it('gives about the normal interval of a paired difference', async () => {
    // Only a is right on 100 images, only b on 60.
    const [a, b] = [rightBetween(0, 900), rightBetween(100, 960)];
    const { accuracy } = await pairedDifferences([a], [b], TEST, resampling('normal'));
    expect(disagreement(a, b, LABELS)).toBe(0.16);
    const half = 1.96 * Math.sqrt((0.16 - 0.04 ** 2) / 1000);
    expect(accuracy.estimate).toBeCloseTo(0.04, 12);
    expect(Math.abs(accuracy.lower - (0.04 - half))).toBeLessThan(0.003);
    expect(Math.abs(accuracy.upper - (0.04 + half))).toBeLessThan(0.003);
  });

  it('knows the difference better than either figure, where hard images are hard for both', async () => {
    const [a, b] = [rightBetween(0, 720), rightBetween(0, 700)];
    const paired = await pairedDifferences([a], [b], TEST, resampling('hard'));
    const alone = await bootstrapIntervals([a], TEST, resampling('hard'));
    expect(paired.accuracy.lower).toBeGreaterThan(0);
    expect(paired.accuracy.upper - paired.accuracy.lower).toBeLessThan(
      0.4 * (alone.accuracy.upper - alone.accuracy.lower),
    );
  });

  it('is 0 between a training and itself, and nearly so on other images', async () => {
    const predictions = rightBetween(0, 700);
    const found = await pairedDifferences([predictions], [predictions], TEST, resampling('itself'));
    for (const { estimate, lower, upper } of [found.accuracy, found.macroAccuracy]) {
      expect(estimate).toBe(0);
      expect(upper).toBeCloseTo(1.96 / 1002, 5);
      expect(lower).toBe(-upper);
    }
  });

  it('draws the seeds of each method apart', async () => {
    const seeds = [rightBetween(0, 700), rightBetween(0, 900)];
    const { accuracy } = await pairedDifferences(seeds, seeds, TEST, resampling('apart'));
    // One resample in sixteen has the worse seed of a alone beside the better of b alone.
    expect(accuracy.estimate).toBe(0);
    expect(accuracy.lower).toBeLessThan(-0.19);
    expect(accuracy.upper).toBeGreaterThan(0.19);
  });

  it('covers the true difference in 19 of 20 comparisons', async () => {
    const draw = randomStream('coverage');
    const labels = new Int32Array(150);
    let coveredCount = 0;
    for (let comparison = 0; comparison < 200; comparison++) {
      const places = Float64Array.from(labels, () => draw());
      // Both right on 0.7, only a on 0.15, only b on 0.1.
      const a = Int32Array.from(places, (place) => (place < 0.85 ? 0 : 1));
      const b = Int32Array.from(places, (place) => (place < 0.7 || (place >= 0.85 && place < 0.95) ? 0 : 1));
      const test = { labels, classCount: 2 };
      const { accuracy } = await pairedDifferences([a], [b], test, resampling(`coverage/${comparison}`));
      if (accuracy.lower <= 0.05 && accuracy.upper >= 0.05) coveredCount += 1;
    }
    expect(coveredCount / 200).toBeGreaterThan(0.92);
    expect(coveredCount / 200).toBeLessThan(0.98);
  });

  it('changes its sign with the order, and follows from its key', async () => {
    const [a, b] = [[rightBetween(0, 800), rightBetween(50, 900)], [rightBetween(100, 950)]];
    const found = await pairedDifferences(a, b, TEST, resampling('order'));
    expect(await pairedDifferences(a, b, TEST, resampling('order'))).toEqual(found);
    const turned = await pairedDifferences(b, a, TEST, resampling('order'));
    expect(turned.macroAccuracy.estimate).toBe(-found.macroAccuracy.estimate);
    expect(found.accuracy.estimate).toBeCloseTo(0.825 - 0.85, 12);
  });
});
