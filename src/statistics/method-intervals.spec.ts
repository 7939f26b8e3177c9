import { describe, expect, it } from 'vitest';
import { randomStream } from '../random/random-stream.js';
import { classificationMetrics } from '../training/metrics/metrics.js';
import { methodIntervals } from './method-intervals.js';
import { RESAMPLE_COUNT } from './resampling.js';
import { ScoredTestSet } from './test-set.js';
import { wilsonInterval } from './wilson.js';

const resampling = (key: string) => ({ key, yieldNow: () => Promise.resolve() });

/** Predictions that are right with the given chance, else any class. */
function drawnPredictions(labels: ArrayLike<number>, classCount: number, skill: number, key: string): Int32Array {
  const draw = randomStream(key);
  return Int32Array.from(labels, (label) => (draw() < skill ? label : Math.floor(draw() * classCount)));
}

function confusionMatrix(labels: readonly number[], predictions: readonly number[], classCount: number): number[][] {
  const matrix = Array.from({ length: classCount }, () => Array<number>(classCount).fill(0));
  for (const [at, label] of labels.entries()) {
    const [row, column] = [matrix[label] ?? [], predictions[at] ?? NaN];
    row[column] = (row[column] ?? 0) + 1;
  }
  return matrix;
}

const metricsOf = (labels: readonly number[], predictions: readonly number[], classCount: number) =>
  classificationMetrics({
    loss: 0,
    confusionMatrix: confusionMatrix(labels, predictions, classCount),
    calibrationBins: [],
  });

const FIGURES = ['accuracy', 'macroAccuracy', 'macroF1'] as const;

describe('methodIntervals', () => {
  it.each([500, 850, 960])(
    'gives about the interval of a proportion for the accuracy: %i of 1000',
    async (rightCount) => {
      const labels = new Int32Array(1000);
      const predictions = Int32Array.from(labels, (_, at) => (at < rightCount ? 0 : 1));
      const { accuracy } = await methodIntervals([predictions], { labels, classCount: 2 }, resampling('wilson'));
      const { lower, upper } = wilsonInterval(rightCount, 1000);
      expect(accuracy.estimate).toBe(rightCount / 1000);
      expect(Math.abs(accuracy.lower - lower)).toBeLessThan(0.004);
      expect(Math.abs(accuracy.upper - upper)).toBeLessThan(0.004);
    },
  );

  it('estimates the mean of the seeds, each by the formulas of the training', async () => {
    const draw = randomStream('labels');
    const labels = Array.from({ length: 200 }, () => Math.floor(draw() ** 2 * 5));
    const seeds = [0.5, 0.7].map((skill) => drawnPredictions(labels, 5, skill, `skill/${skill}`));
    const found = await methodIntervals(seeds, { labels, classCount: 5 }, resampling('estimate'));
    const expected = seeds.map((predictions) => metricsOf(labels, [...predictions], 5));
    for (const name of FIGURES) {
      const mean = expected.reduce((sum, metrics) => sum + metrics[name], 0) / seeds.length;
      expect(found[name].estimate).toBeCloseTo(mean, 12);
    }
  });

  it('knows as little of two seeds as one degree of freedom tells, and ends at 1', async () => {
    const labels = new Int32Array(5000);
    const seeds = [0.8, 0.9].map((share) => Int32Array.from(labels, (_, at) => (at % 100 < 100 * share ? 0 : 1)));
    const { accuracy } = await methodIntervals(seeds, { labels, classCount: 2 }, resampling('seeds'));
    expect(accuracy.estimate).toBeCloseTo(0.85, 12);
    expect(Math.abs(accuracy.lower - (0.85 - 12.7 * 0.05))).toBeLessThan(0.03);
    expect(accuracy.upper).toBe(1);
  });

  it('leaves out a class that has no test images', async () => {
    const labels = Int32Array.from({ length: 90 }, (_, at) => at % 2);
    const predictions = Int32Array.from(labels, (label, at) => (at % 9 === 0 ? 2 : label));
    const found = await methodIntervals([predictions], { labels, classCount: 3 }, resampling('missing'));
    const expected = metricsOf([...labels], [...predictions], 3);
    expect(expected.recalls).toHaveLength(2);
    for (const name of FIGURES) {
      expect(found[name].estimate).toBeCloseTo(expected[name], 12);
      expect(found[name].lower).toBeGreaterThan(0.7);
      expect(found[name].upper).toBeLessThanOrEqual(1);
    }
  });

  it('leaves out a class whose only image a resample has not', async () => {
    const labels = Int32Array.from({ length: 50 }, (_, at) => (at === 0 ? 1 : 0));
    const found = await methodIntervals([labels], { labels, classCount: 2 }, resampling('rare'));
    expect(found.macroAccuracy).toMatchObject({ estimate: 1, upper: 1 });
    // Nearly all of the doubt is about the one image.
    expect(found.macroAccuracy.lower).toBeCloseTo(1 - (1 - wilsonInterval(1, 1).lower) / 2, 2);
  });

  it.each([
    ['1 when all is right', 0, 1],
    ['0 when nothing is', 1, 0],
  ])('is %s, and as doubtful as 100 images leave it', async (_, shift, share) => {
    const labels = Int32Array.from({ length: 100 }, (__, at) => at % 4);
    const predictions = labels.map((label) => (label + shift) % 4);
    const found = await methodIntervals([predictions, predictions], { labels, classCount: 4 }, resampling('sure'));
    for (const name of FIGURES) {
      expect(found[name].estimate).toBe(share);
      expect(found[name].upper - found[name].lower).toBeGreaterThan(0.03);
      expect(found[name].upper - found[name].lower).toBeLessThan(0.08);
    }
  });

  it('follows from its key', async () => {
    const labels = Int32Array.from({ length: 300 }, (_, at) => at % 3);
    const seeds = ['a', 'b'].map((key) => drawnPredictions(labels, 3, 0.6, key));
    const found = (key: string) => methodIntervals(seeds, { labels, classCount: 3 }, resampling(key));
    expect(await found('one')).toEqual(await found('one'));
    expect(await found('one')).not.toEqual(await found('two'));
  });

  it('lets others run after a million visits, and comes to the same', async () => {
    const labels = Int32Array.from({ length: 10_000 }, (_, at) => at % 10);
    const seeds = ['a', 'b', 'c'].map((key) => drawnPredictions(labels, 10, 0.6, key));
    let yieldCount = 0;
    const yieldNow = () => {
      yieldCount += 1;
      return new Promise<void>((resolve) => setImmediate(resolve));
    };
    const test = { labels, classCount: 10 };
    const yielding = await methodIntervals(seeds, test, { key: 'yield', yieldNow });
    const { visitCount } = new ScoredTestSet(test, [seeds]);
    expect(yieldCount).toBe(Math.floor(RESAMPLE_COUNT / Math.ceil(1_000_000 / visitCount)));
    expect(yieldCount).toBeGreaterThan(10);
    expect(await methodIntervals(seeds, test, resampling('yield'))).toEqual(yielding);
  });

  it.each<[string, number[][], number[], string]>([
    ['no image', [[]], [], 'there are no test images'],
    ['no seed', [], [0, 1], 'a method has no predictions'],
    ['lists of different lengths', [[0, 1], [0]], [0, 1], 'there are 2 labels and 1 predictions'],
    ['a class that there is not', [[0, 2]], [0, 1], 'class 2 is none of 2'],
    ['a label that there is not', [[0, 1]], [0, -1], 'class -1 is none of 2'],
  ])('refuses %s', async (_, seeds, labels, message) => {
    const found = methodIntervals(seeds, { labels, classCount: 2 }, resampling('refused'));
    await expect(found).rejects.toThrow(new RangeError(message));
  });
});
