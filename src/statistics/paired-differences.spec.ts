import { describe, expect, it } from 'vitest';
import { randomStream } from '../random/random-stream.js';
import { methodIntervals } from './method-intervals.js';
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
    expect(disagreement(a, b, TEST).all).toBe(0.16);
    const half = 1.96 * Math.sqrt((0.16 - 0.04 ** 2) / 1000);
    expect(accuracy.estimate).toBeCloseTo(0.04, 12);
    expect(Math.abs(accuracy.lower - (0.04 - half))).toBeLessThan(0.003);
    expect(Math.abs(accuracy.upper - (0.04 + half))).toBeLessThan(0.003);
  });

  it('knows the difference better than either figure, where hard images are hard for both', async () => {
    const [a, b] = [rightBetween(0, 720), rightBetween(0, 700)];
    const paired = await pairedDifferences([a], [b], TEST, resampling('hard'));
    const alone = await methodIntervals([a], TEST, resampling('hard'));
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

  it('adds what the seeds of each method are apart by', async () => {
    const seeds = [rightBetween(0, 700), rightBetween(0, 720)];
    const { accuracy } = await pairedDifferences(seeds, seeds, TEST, resampling('apart'));
    // Each method has s² / S = 0.02² / 2 / 2, and both together have two degrees of freedom.
    expect(accuracy.estimate).toBe(0);
    expect(accuracy.upper).toBeCloseTo(4.3027 * Math.sqrt(2 * 0.0001), 4);
    expect(accuracy.lower).toBe(-accuracy.upper);
  });

  it('knows the difference of means over seeds better than that of single trainings', async () => {
    const draw = randomStream('luck');
    const training = () => LABELS.map(() => (draw() < 0.8 ? 0 : 1));
    const [a, b] = [0, 1].map(() => Array.from({ length: 8 }, training));
    const width = async (seedCount: number) => {
      const [someA, someB] = [a?.slice(0, seedCount) ?? [], b?.slice(0, seedCount) ?? []];
      const { accuracy } = await pairedDifferences(someA, someB, TEST, resampling('luck'));
      return accuracy.upper - accuracy.lower;
    };
    expect(await width(8)).toBeLessThan(0.6 * (await width(1)));
  });

  it('tells differences of macro-F1, also where methods agree', async () => {
    const labels = LABELS.map((_, at) => (at < 900 ? 0 : 1));
    const [a, b] = [labels.map((label, at) => (at < 50 ? 1 : label)), labels.map((label, at) => (at < 20 ? 1 : label))];
    const test = { labels, classCount: 2 };
    const { macroF1 } = await pairedDifferences([a], [b], test, resampling('f1'));
    // F1 of the large class is 2 · right / (900 + right), of the small one 200 / (100 + predictions).
    const expected = (1700 / 1750 + 200 / 250) / 2 - (1760 / 1780 + 200 / 220) / 2;
    expect(macroF1.estimate).toBeCloseTo(expected, 12);
    expect(macroF1.lower).toBeLessThan(expected - 0.02);
    expect(macroF1.upper).toBeLessThan(0);
    const same = await pairedDifferences([a], [a], test, resampling('f1 of one'));
    expect(same.macroF1.upper).toBeGreaterThan(0.002);
    expect(same.macroF1.lower).toBeCloseTo(-same.macroF1.upper, 12);
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
    expect(coveredCount / 200).toBeLessThan(0.99);
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
