import { describe, expect, it } from 'vitest';
import expected from '../../test/fixtures/intervals/expected.json' with { type: 'json' };
import { normal } from '../../test/fixtures/normal.js';
import { randomStream, type RandomStream } from '../random/random-stream.js';
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

describe('coverage in normal theory, nine tenths of the variance from seeds', () => {
  const TEST_COUNT = 4000;
  const IMAGE_DEVIATION = Math.sqrt(0.1);

  /** A mean figure whose truth is 0 and whose variance is 1. */
  function measured(seedCount: number, draw: RandomStream) {
    const shift = IMAGE_DEVIATION * normal(draw);
    const bySeed = Array.from({ length: seedCount }, () => shift + Math.sqrt(0.9 * seedCount) * normal(draw));
    return { bySeed, resampled: [-IMAGE_DEVIATION, IMAGE_DEVIATION].map((value) => value / Math.SQRT2) };
  }

  it.each([
    [2, 0.874],
    [3, 0.922],
    [5, 0.943],
  ])('is short for one method: %i seeds, %f', (seedCount, share) => {
    const draw = randomStream(`one method/${seedCount}`);
    const covering = Array.from({ length: TEST_COUNT }, () => tInterval(meanFigure(measured(seedCount, draw)))).filter(
      ({ lower, upper }) => lower <= 0 && upper >= 0,
    );
    expect(Math.abs(covering.length / TEST_COUNT - share)).toBeLessThan(0.012);
  });

  it.each([
    [2, 0.937],
    [3, 0.952],
    [5, 0.952],
  ])('is about right for a difference: %i seeds, %f', (seedCount, share) => {
    const draw = randomStream(`difference/${seedCount}`);
    const covering = Array.from({ length: TEST_COUNT }, () => {
      // Images that are drawn apart for each method add up to the variance of the difference.
      const [a, b] = [measured(seedCount, draw), measured(seedCount, draw)];
      const difference = differenceOf(a, b);
      return tInterval({ ...difference, imageVariance: 2 * IMAGE_DEVIATION ** 2 });
    }).filter(({ lower, upper }) => lower <= 0 && upper >= 0);
    expect(Math.abs(covering.length / TEST_COUNT - share)).toBeLessThan(0.012);
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
