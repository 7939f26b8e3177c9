import { describe, expect, it } from 'vitest';
import { type DrawStream, drawIndex, drawSigned, openStream } from './rng.js';

const STREAM: DrawStream = { seed: 684, purpose: 'OFFSPRING', generation: 3, slot: 7 };

const draws = (stream: DrawStream, count = 4) => {
  const rng = openStream(stream);
  return Array.from({ length: count }, () => rng.next());
};

describe('openStream', () => {
  it('gives the same draws for the same stream, however many others were opened', () => {
    const before = draws(STREAM);
    draws({ ...STREAM, slot: 8 });
    expect(draws(STREAM)).toEqual(before);
  });

  it.each<Partial<DrawStream>>([
    { seed: 685 },
    { seed: 684 + 2 ** 32 },
    { seed: Number.MAX_SAFE_INTEGER },
    { purpose: 'RANDOM' },
    { generation: 7, slot: 3 },
    { generation: 4 },
    { slot: 8 },
  ])('gives other draws for another stream: %o', (change) => {
    const own = new Set(draws(STREAM, 100));
    expect(draws({ ...STREAM, ...change }, 100).filter((draw) => own.has(draw))).toEqual([]);
  });

  it('draws multiples of 2^-53 in [0, 1), and uses the last bit', () => {
    const units = draws(STREAM, 10_000).map((draw) => draw * 2 ** 53);
    expect(units.every((unit) => Number.isInteger(unit) && unit >= 0 && unit < 2 ** 53)).toBe(true);
    expect(units.some((unit) => unit % 2 === 1)).toBe(true);
  });

  it('starts 40 000 neighbouring streams at different draws, evenly spread', () => {
    const firsts = Array.from({ length: 40_000 }, (_, i) => {
      const [first = 0] = draws({ ...STREAM, generation: Math.floor(i / 200), slot: i % 200 }, 1);
      return first;
    });
    expect(new Set(firsts).size).toBe(40_000);
    const counts = Array.from({ length: 10 }, (_, tenth) => firsts.filter((f) => Math.floor(f * 10) === tenth).length);
    const chiSquare = counts.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0);
    expect(chiSquare).toBeLessThan(27.9); // 0.999 quantile at 9 degrees of freedom
  });

  it('has no correlation between a stream and its neighbour', () => {
    const products = Array.from({ length: 20_000 }, (_, slot) => {
      const [own = 0] = draws({ ...STREAM, slot }, 1);
      const [next = 0] = draws({ ...STREAM, slot: slot + 1 }, 1);
      return (own - 0.5) * (next - 0.5) * 12;
    });
    const correlation = products.reduce((sum, product) => sum + product, 0) / products.length;
    expect(Math.abs(correlation)).toBeLessThan(0.03); // four standard errors
  });
});

const LAST_BELOW_ONE = 1 - 2 ** -53;

it('drawSigned covers [-1, 1)', () => {
  expect(drawSigned({ next: () => 0 })).toBe(-1);
  expect(drawSigned({ next: () => 0.5 })).toBe(0);
  expect(drawSigned({ next: () => LAST_BELOW_ONE })).toBeLessThan(1);
});

it('drawIndex covers 0 to count - 1', () => {
  expect(drawIndex(65, { next: () => 0 })).toBe(0);
  expect(drawIndex(65, { next: () => LAST_BELOW_ONE })).toBe(64);
});
