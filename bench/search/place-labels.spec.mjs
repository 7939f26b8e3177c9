import { describe, expect, it } from 'vitest';
import { overlap } from './boxes.mjs';
import { LABEL_HEIGHT, MARK_RADIUS, placeLabels } from './place-labels.mjs';

const AREA = { left: 80, top: 80, right: 920, bottom: 520 };

const pointAt = (x, y, width = 120) => ({ x, y, top: y - 60, bottom: y + 50, width });

/** As many as there are methods. */
const thirteen = (place) => Array.from({ length: 13 }, (_, index) => pointAt(...place(index)));

const CROWDS = {
  'one place': thirteen(() => [500, 300]),
  'one corner': thirteen(() => [918, 82]),
  'a tight heap': thirteen((index) => [500 + ((index * 7) % 13), 300 + ((index * 5) % 13) * 2]),
  'one column': thirteen((index) => [300, 200 + index * 4]),
  'one row': thirteen((index) => [200 + index * 30, 300]),
};

describe('placeLabels', () => {
  it('puts the label of a lonely point to its right, at its height', () => {
    const [{ left, top, right, bottom }] = placeLabels([pointAt(400, 300)], AREA);
    expect(left - 400).toBeGreaterThanOrEqual(MARK_RADIUS);
    expect(left - 400).toBeLessThanOrEqual(2 * MARK_RADIUS);
    expect([right - left, (top + bottom) / 2, bottom - top]).toEqual([120, 300, LABEL_HEIGHT]);
  });

  it('goes to the left where there is no room on the right', () => {
    const [{ right, top, bottom }] = placeLabels([pointAt(900, 300)], AREA);
    expect(900 - right).toBeGreaterThanOrEqual(MARK_RADIUS);
    expect(900 - right).toBeLessThanOrEqual(2 * MARK_RADIUS);
    expect((top + bottom) / 2).toBe(300);
  });

  it('keeps off the whisker of another point', () => {
    const boxes = placeLabels([pointAt(400, 300), pointAt(460, 330)], AREA);
    expect(boxes[0].right).toBeLessThan(400);
  });

  it.each(Object.entries(CROWDS))('keeps labels off each other and off all points of %s', (_, points) => {
    const boxes = placeLabels(points, AREA);
    expect(boxes).toHaveLength(13);
    for (const [index, box] of boxes.entries()) {
      expect(boxes.filter((other) => overlap(box, other))).toEqual([box]);
      expect(points.filter(({ x, y }) => x > box.left && x < box.right && y > box.top && y < box.bottom)).toEqual([]);
      expect(box.right - box.left).toBeGreaterThanOrEqual(points[index].width);
      expect(box.left >= AREA.left && box.right <= AREA.right).toBe(true);
      expect(box.top >= AREA.top && box.bottom <= AREA.bottom).toBe(true);
    }
  });

  it('says so where there is no room', () => {
    const small = { left: 0, top: 0, right: 130, bottom: 30 };
    expect(() => placeLabels([pointAt(5, 15), pointAt(5, 15)], small)).toThrow(RangeError);
  });
});
