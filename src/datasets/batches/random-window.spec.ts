import { describe, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { randomWindow } from './random-window.js';

const RANGE = { areaShareMin: 0.25, aspectMax: 4 / 3 };

const drawn = (sizePx: number, count: number) =>
  Array.from({ length: count }, (_, index) => randomWindow(sizePx, RANGE, randomStream(`${index}`)));

describe('randomWindow', () => {
  it('keeps windows inside the image, and area and aspect within their range', () => {
    for (const { leftPx, topPx, widthPx, heightPx } of drawn(224, 2000)) {
      expect(Math.min(leftPx, topPx)).toBeGreaterThanOrEqual(0);
      expect(Math.max(leftPx + widthPx, topPx + heightPx)).toBeLessThanOrEqual(224);
      // Whole pixels are up to half a pixel off.
      expect((widthPx + 0.5) * (heightPx + 0.5)).toBeGreaterThanOrEqual(0.25 * 224 ** 2);
      expect((widthPx - 0.5) / (heightPx + 0.5)).toBeLessThanOrEqual(4 / 3);
      expect((heightPx - 0.5) / (widthPx + 0.5)).toBeLessThanOrEqual(4 / 3);
    }
  });

  it('reaches all of the range: all borders, wide and tall, nearly whole and nearly a quarter', () => {
    const windows = drawn(224, 2000);
    expect(windows.some(({ leftPx }) => leftPx === 0)).toBe(true);
    expect(windows.some(({ leftPx, widthPx }) => leftPx > 0 && leftPx + widthPx === 224)).toBe(true);
    expect(windows.some(({ topPx, heightPx }) => topPx > 0 && topPx + heightPx === 224)).toBe(true);
    expect(windows.some(({ widthPx, heightPx }) => widthPx > 1.3 * heightPx)).toBe(true);
    expect(windows.some(({ widthPx, heightPx }) => heightPx > 1.3 * widthPx)).toBe(true);
    const areas = windows.map(({ widthPx, heightPx }) => (widthPx * heightPx) / 224 ** 2);
    expect(Math.min(...areas)).toBeLessThan(0.26);
    expect(Math.max(...areas)).toBeGreaterThan(0.98);
  });

  it('draws again until a window fits', () => {
    // All of the area at aspect 4/3 is wider than the image; at aspect 1 it is the image.
    const draws = [1, 1, 1, 0.5, 0, 0];
    const window = randomWindow(8, RANGE, () => draws.shift() ?? NaN);
    expect(window).toEqual({ leftPx: 0, topPx: 0, widthPx: 8, heightPx: 8 });
    expect(draws).toEqual([]);
  });

  it('takes the whole image when no draw fits', () => {
    expect(randomWindow(8, RANGE, () => 1)).toEqual({ leftPx: 0, topPx: 0, widthPx: 8, heightPx: 8 });
  });

  it('finds a window in a single pixel', () => {
    expect(randomWindow(1, RANGE, randomStream('pixel'))).toEqual({ leftPx: 0, topPx: 0, widthPx: 1, heightPx: 1 });
  });
});
