import { describe, expect, it } from 'vitest';
import expected from '../../test/fixtures/intervals/expected.json' with { type: 'json' };
import { differenceOf, meanFigure, standardErrorOf, tInterval } from './uncertain-figure.js';

/** Two resamples with a sample variance of 0.0002. */
const RESAMPLED = [0.79, 0.81];

describe('tInterval', () => {
  it.each(expected.welch)("is Welch's where images say nothing: $a and $b", ({ a, b, lower, upper }) => {
    const sample = (bySeed: readonly number[]) => ({ bySeed, resampled: [0.5, 0.5] });
    const found = tInterval(differenceOf(sample(a), sample(b)));
    expect(found.lower).toBeCloseTo(lower, 6);
    expect(found.upper).toBeCloseTo(upper, 6);
  });

  it('adds the variance of the mean over seeds to that of the images', () => {
    const figure = meanFigure({ bySeed: [0.78, 0.8, 0.82], resampled: RESAMPLED });
    const ofSeeds = 0.02 ** 2 / 3;
    expect(standardErrorOf(figure)).toBeCloseTo(Math.sqrt(0.0002 + ofSeeds), 12);
    // (0.0002 + 0.0001333)² / (0.0001333² / 2) are 12.5 degrees of freedom, whose quantile is 2.1692.
    const { estimate, lower, upper } = tInterval(figure);
    expect(estimate).toBeCloseTo(0.8, 12);
    expect(upper - estimate).toBeCloseTo(2.1692 * Math.sqrt(0.0002 + ofSeeds), 5);
    expect(estimate - lower).toBeCloseTo(upper - estimate, 12);
  });

  it('is the normal interval of the images with one seed, and with seeds that are level', () => {
    for (const bySeed of [[0.8], [0.8, 0.8, 0.8]]) {
      const { estimate, upper } = tInterval(meanFigure({ bySeed, resampled: RESAMPLED }));
      expect(upper - estimate).toBeCloseTo(1.959964 * Math.sqrt(0.0002), 8);
    }
  });

  it('is a point where nothing has varied', () => {
    expect(tInterval(meanFigure({ bySeed: [1, 1], resampled: [1, 1] }))).toEqual({ estimate: 1, lower: 1, upper: 1 });
  });
});

describe('differenceOf', () => {
  it('takes the variance of the difference in each resample, so that what both share falls out', () => {
    const a = { bySeed: [0.8], resampled: [0.7, 0.8, 0.9] };
    const b = { bySeed: [0.75], resampled: [0.64, 0.76, 0.85] };
    const { estimate, imageVariance, seedVariances } = differenceOf(a, b);
    expect(estimate).toBeCloseTo(0.05, 12);
    // 0.06, 0.04 and 0.05.
    expect(imageVariance).toBeCloseTo(0.0001, 12);
    expect(seedVariances).toEqual([]);
  });
});
