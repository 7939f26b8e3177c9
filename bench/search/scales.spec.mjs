import { describe, expect, it } from 'vitest';
import { logScale, shareScale } from './scales.mjs';

/** Stretches of many lengths at many places. */
const stretches = [0, 0.1, 0.4, 0.9, 1.5, 3.2].flatMap((length) =>
  Array.from({ length: 20 }, (_, index) => [index / 20, index / 20 + length]),
);

describe('logScale', () => {
  it('puts equal ratios at equal distances', () => {
    const { at } = logScale([1e12, 1e14], 100, 900);
    expect(at(1e13)).toBeCloseTo(500, 9);
    expect(at(1e13) - at(1e12)).toBeCloseTo(at(3e13) - at(3e12), 9);
  });

  it('leaves the margin, 8 % of the range, on either side', () => {
    const { at } = logScale([1e12, 1e14], 0, 116);
    expect([at(1e12), at(1e14)]).toEqual([expect.closeTo(8, 9), expect.closeTo(108, 9)]);
  });

  it('marks at least three round values, none beyond its ends', () => {
    for (const [low, high] of stretches) {
      const { at, ticks } = logScale([10 ** (12 + low), 10 ** (12 + high)], 0, 1);
      expect(ticks.length, `${low} to ${high}`).toBeGreaterThanOrEqual(3);
      for (const tick of ticks) {
        expect(at(tick)).toBeGreaterThanOrEqual(0);
        expect(at(tick)).toBeLessThanOrEqual(1);
        expect([1, 1.5, 2, 3, 4, 5, 7]).toContain(
          Number((tick / 10 ** Math.floor(Math.log10(tick * 1.0001))).toFixed(6)),
        );
      }
    }
  });

  it('puts a single value into the middle', () => expect(logScale([7e12], 0, 10).at(7e12)).toBeCloseTo(5, 9));
});

describe('shareScale', () => {
  it('goes upwards when its high end is the smaller place', () => {
    const { at, ticks } = shareScale([0.7, 0.8], 500, 100);
    expect(at(0.75)).toBeCloseTo(300, 9);
    expect(at(0.8)).toBeLessThan(at(0.7));
    expect(ticks.map((tick) => Number(tick.toFixed(9)))).toEqual([0.7, 0.72, 0.74, 0.76, 0.78, 0.8]);
  });

  it('stays within 0 and 1', () => {
    const { at } = shareScale([0, 1], 0, 10);
    expect([at(0), at(1)]).toEqual([0, 10]);
  });

  it('has room where all values are the same', () => expect(shareScale([0.5], 0, 10).at(0.5)).toBeCloseTo(5, 9));
});
