import { describe, expect, it } from 'vitest';
import { crosses, nearestOf, overlap } from './boxes.mjs';

const BOX = { left: 10, top: 20, right: 30, bottom: 40 };

describe('overlap', () => {
  it('is more than an edge', () => {
    expect(overlap(BOX, { left: 29, top: 39, right: 50, bottom: 50 })).toBe(true);
    expect(overlap(BOX, { left: 30, top: 20, right: 50, bottom: 40 })).toBe(false);
    expect(overlap(BOX, { left: 10, top: 41, right: 30, bottom: 50 })).toBe(false);
  });
});

describe('nearestOf', () => {
  it('is on the edge for a point outside, and the point itself inside', () => {
    expect(nearestOf(BOX, { x: 0, y: 25 })).toEqual({ x: 10, y: 25 });
    expect(nearestOf(BOX, { x: 50, y: 60 })).toEqual({ x: 30, y: 40 });
    expect(nearestOf(BOX, { x: 15, y: 25 })).toEqual({ x: 15, y: 25 });
  });
});

describe('crosses', () => {
  it('says what points along the line say', () => {
    const ends = [0, 7, 16, 24, 33, 47];
    const points = ends.flatMap((x) => ends.map((y) => ({ x, y })));
    const isInside = ({ x, y }) => x > BOX.left && x < BOX.right && y > BOX.top && y < BOX.bottom;
    const along = (from, to) =>
      Array.from({ length: 2001 }, (_, step) => ({
        x: from.x + ((to.x - from.x) * step) / 2000,
        y: from.y + ((to.y - from.y) * step) / 2000,
      }));
    const pairs = points.flatMap((from) => points.map((to) => [from, to]));
    const found = pairs.map(([from, to]) => crosses(from, to, BOX));
    expect(found).toEqual(pairs.map(([from, to]) => along(from, to).some(isInside)));
    expect(new Set(found)).toEqual(new Set([true, false]));
  });

  it('is not touching an edge', () => {
    expect(crosses({ x: 0, y: 20 }, { x: 50, y: 20 }, BOX)).toBe(false);
    expect(crosses({ x: 10, y: 0 }, { x: 10, y: 50 }, BOX)).toBe(false);
  });
});
