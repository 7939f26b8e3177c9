import { describe, expect, it } from 'vitest';
import { chooseDelivery, type Contender } from './delivery-choice.js';

const resampling = { key: 'choice', yieldNow: () => Promise.resolve() };

/** 900 images of class 0, then 100 of class 1. */
const IMAGES = { labels: Int32Array.from({ length: 1000 }, (_, at) => (at < 900 ? 0 : 1)), classCount: 2 };

/** One list of predictions, wrong on the images from one place up to another. */
const wrongBetween = (...ranges: readonly (readonly [number, number])[]) =>
  IMAGES.labels.map((label, at) => (ranges.some(([from, to]) => at >= from && at < to) ? 1 - label : label));

const contender = (name: string, cost: number, ...predictions: readonly Int32Array[]): Contender => ({
  name,
  cost,
  predictions,
});

const choose = (contenders: readonly Contender[], fitness: 'ACCURACY' | 'MACRO_ACCURACY' | 'MACRO_F1' = 'ACCURACY') =>
  chooseDelivery(contenders, IMAGES, fitness, resampling);

describe('chooseDelivery', () => {
  it('delivers what is cheaper where the best is less than one standard error ahead', async () => {
    // The best is right alone on 20 images, the cheap one on 16: 0.4 points, and √0.036 / √1000 are 0.6.
    const best = contender('SEARCH', 50, wrongBetween([0, 96]));
    const cheap = contender('PROBE', 1, wrongBetween([16, 116]));
    const found = await choose([best, cheap]);
    expect(found).toMatchObject({ delivered: cheap, best });
    expect(found.difference).toBeCloseTo(0.004, 12);
    expect(Math.abs(found.standardError - 0.006)).toBeLessThan(0.0006);
    expect(found.reason).toBe(
      'PROBE is the cheapest within one standard error of SEARCH, the best by accuracy: 0.4 points behind, with a standard error of 0.6.',
    );
  });

  it('delivers the best where the same lead is on images that the other has wrong as well', async () => {
    // Four images alone part them: 0.4 points, and √0.004 / √1000 are 0.2.
    const best = contender('SEARCH', 50, wrongBetween([0, 96]));
    const cheap = contender('PROBE', 1, wrongBetween([0, 100]));
    const found = await choose([cheap, best]);
    expect(found).toMatchObject({ delivered: best, best, difference: 0, standardError: 0 });
    expect(found.reason).toBe(
      'SEARCH is the best by accuracy, and nothing cheaper is within one standard error of it.',
    );
  });

  it('takes the cheapest of several that are near, not the nearest', async () => {
    const best = contender('A', 9, wrongBetween([0, 50]));
    const near = contender('B', 5, wrongBetween([1, 52]));
    const cheapest = contender('C', 2, wrongBetween([40, 94]));
    const far = contender('D', 1, wrongBetween([0, 300]));
    const found = await choose([far, cheapest, near, best]);
    expect(found.delivered).toBe(cheapest);
    expect(found.ranked).toEqual([best, near, cheapest, far]);
  });

  it('judges by the figure that it is told', async () => {
    // A has 60 images of the small class wrong, B 100 of the large one.
    const a = contender('A', 2, wrongBetween([900, 960]));
    const b = contender('B', 1, wrongBetween([0, 100]));
    expect((await choose([a, b], 'ACCURACY')).delivered.name).toBe('A');
    const macro = await choose([a, b], 'MACRO_ACCURACY');
    expect(macro).toMatchObject({ best: b, delivered: b });
    expect(macro.reason).toContain('the best by macro-accuracy');
    // Recalls of 1 and 0.4 against 8/9 and 1; F1s of 0.97 and 0.57 against 0.94 and 0.67.
    expect((await choose([a, b], 'MACRO_F1')).best).toBe(b);
  });

  it('counts it as doubt where trainings are far apart', async () => {
    const best = (...wrong: readonly number[]) => contender('A', 2, ...wrong.map((count) => wrongBetween([0, count])));
    const cheap = contender('B', 1, wrongBetween([0, 150]), wrongBetween([0, 150]));
    expect((await choose([best(100, 100), cheap])).delivered.name).toBe('A');
    expect((await choose([best(20, 180), cheap])).delivered.name).toBe('B');
  });

  it('takes the better of equal costs, and the earlier of equals', async () => {
    const better = contender('A', 1, wrongBetween([0, 10]));
    const near = contender('B', 1, wrongBetween([1, 12]));
    expect((await choose([near, better])).delivered).toBe(better);
    const twin = contender('C', 1, wrongBetween([0, 10]));
    expect((await choose([twin, better])).delivered).toBe(twin);
  });

  it('takes the only one there is, and refuses none', async () => {
    const only = contender('A', 1, wrongBetween([0, 10]));
    expect((await choose([only])).delivered).toBe(only);
    await expect(choose([])).rejects.toThrow(new RangeError('there is nothing to choose from'));
  });
});
