import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { METHOD_NAMES } from '../../scripts/service/method-names.mjs';
import { AREA } from './chart-layout.mjs';
import { chartOf } from './chart.mjs';

/** All methods but one within two points of accuracy and half a decade of cost; no two alike, for up to 17. */
const methods = Object.keys(METHOD_NAMES).map((method, index) => {
  const isApart = method === 'LINEAR_PROBE';
  const accuracy = isApart ? 0.7 : 0.8 + ((index * 5) % 17) / 850;
  const interval = { low: accuracy - 0.02, high: accuracy + 0.015 };
  return { method, accuracy, interval, multiplyAccumulates: isApart ? 1e12 : (2 + ((index * 7) % 17) / 4) * 1e13 };
});

const result = {
  title: 'Clothing photographs',
  imageCounts: { train: 402, validation: 199, test: 2467 },
  classCount: 10,
  settings: { finals: { seedCount: 3 }, data: { imageSizePx: 96 } },
  methods,
};

const svg = chartOf(result);

/** Attributes of each element of a class, as numbers. */
const numbersOf = (className, names) =>
  [...svg.matchAll(new RegExp(`<[a-z]+ class="${className}"[^>]*>`, 'g'))].map(([tag]) =>
    names.map((name) => Number(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1])),
  );

describe('chartOf', () => {
  it('is an image', async () => {
    const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 960, height: 600 });
    // Something is drawn on the paper, which is white.
    expect(data.some((value) => value < 100)).toBe(true);
  });

  it('names every method, the images, and both axes with their units', () => {
    for (const name of Object.values(METHOD_NAMES)) expect(svg).toContain(`>${name}</text>`);
    expect(svg).toContain('402 training, 199 validation, 2467 test images, 10 classes, 96 px; means of 3 seeds');
    expect(svg).toContain('test accuracy (%)');
    expect(svg).toContain('(multiply-accumulates, logarithmic)');
  });

  it('puts better methods higher and costlier ones to the right, all within the axes', () => {
    const points = numbersOf('point', ['cx', 'cy']);
    expect(points).toHaveLength(methods.length);
    const order = (values) => values.map((_, index) => index).toSorted((a, b) => values[a] - values[b]);
    expect(order(points.map(([x]) => x))).toEqual(order(methods.map((method) => method.multiplyAccumulates)));
    expect(order(points.map(([, y]) => -y))).toEqual(order(methods.map((method) => method.accuracy)));
    for (const [x, y] of points) {
      expect(x > AREA.left && x < AREA.right && y > AREA.top && y < AREA.bottom).toBe(true);
    }
  });

  it('draws whiskers as long as the intervals', () => {
    const vertical = numbersOf('whisker', ['x1', 'x2', 'y1', 'y2']).filter(([x1, x2]) => x1 === x2);
    expect(vertical).toHaveLength(methods.length);
    const ticks = numbersOf('tick', ['x', 'y']).filter(([x]) => x < AREA.left);
    const labels = [...svg.matchAll(/text-anchor="end" x="70"[^>]*>([\d.]+)</g)].map(([, text]) => Number(text));
    const pixelsPerPoint = (ticks[0][1] - ticks[1][1]) / (labels[1] - labels[0]);
    for (const [, , top, bottom] of vertical) expect((bottom - top) / pixelsPerPoint).toBeCloseTo(3.5, 1);
  });

  it('follows dark mode', () => expect(svg).toContain('@media (prefers-color-scheme: dark)'));
});
