import { crosses, nearestOf, overlap } from './boxes.mjs';

export const LABEL_HEIGHT = 16;
/** Half the side of the square around a point that no label covers. */
export const MARK_RADIUS = 8;
/** Places are tried on a grid of this width around the point; one step from its point a label is just off the mark. */
const STEP = 8;
/** What a label does not cover if there is another place as many pixels farther from its point. */
const [WHISKER_COST, LEADER_COST] = [30, 90];
/** To the right of its point, and at its height, is where a reader looks first. */
const [LEFT_COST, HEIGHT_COST] = [STEP / 2, 0.2];

/**
 * Places a label beside each point: the nearest place where it covers no point and no other label, and better no whisker;
 * the line between a label and its point better crosses no other point and no other label.
 *
 * @param {readonly { x: number, y: number, top: number, bottom: number, width: number }[]} points With the ends of their
 *   whiskers, and the width of their labels; the first are placed first.
 * @param {import('./boxes.mjs').Box} area Where labels may be.
 * @returns {import('./boxes.mjs').Box[]}
 * @throws {RangeError} where there is no room.
 */
export function placeLabels(points, area) {
  const marks = points.map(({ x, y }) => around(x, y - MARK_RADIUS, y + MARK_RADIUS, MARK_RADIUS));
  const whiskers = points.map(({ x, top, bottom }) => around(x, top, bottom, 1));
  const placed = [];
  for (const point of points) {
    const others = marks.filter((_, index) => points[index] !== point);
    const isFree = (box) =>
      !marks.some((mark) => overlap(box, mark)) && !placed.some((other) => overlap(box, other.box));
    let best = { cost: Infinity };
    for (const place of placesFor(point, area)) {
      // Those that follow are farther, and distance alone costs more.
      if (place.distance >= best.cost) break;
      if (!isFree(place.box)) continue;
      const cost = place.distance + costOf(place.box, point, { whiskers, marks: others, placed });
      if (cost < best.cost) best = { cost, box: place.box };
    }
    if (best.box === undefined) throw new RangeError('no room for a label');
    placed.push({ point, box: best.box });
  }
  return placed.map(({ box }) => box);
}

const around = (x, top, bottom, halfWidth) => ({ left: x - halfWidth, top, right: x + halfWidth, bottom });

/** All places of the grid, the nearest first; one of them is just beside the point, at its height. */
function placesFor({ x, y, width }, area) {
  const [boxWidth, middle] = [Math.ceil(width / STEP) * STEP, y - LABEL_HEIGHT / 2];
  const places = [];
  for (let top = middle - stepsTo(area.top, middle); top + LABEL_HEIGHT <= area.bottom; top += STEP) {
    for (let left = x - stepsTo(area.left, x); left + boxWidth <= area.right; left += STEP) {
      const box = { left, top, right: left + boxWidth, bottom: top + LABEL_HEIGHT };
      const end = nearestOf(box, { x, y });
      places.push({ box, distance: Math.hypot(end.x - x, end.y - y) });
    }
  }
  return places.sort((a, b) => a.distance - b.distance);
}

/** Whole steps that go from `start` towards `end`, in pixels. */
const stepsTo = (end, start) => Math.floor((start - end) / STEP) * STEP;

/** What a place costs beside its distance, in pixels of it. @param others What should not be covered, nor crossed. */
function costOf(box, point, { whiskers, marks, placed }) {
  const end = nearestOf(box, point);
  const crossed =
    marks.filter((mark) => crosses(point, end, mark)).length +
    placed.filter((label) => crosses(point, end, label.box)).length +
    placed.filter((label) => crosses(label.point, nearestOf(label.box, label.point), box)).length;
  const covered = whiskers.filter((whisker) => overlap(box, whisker)).length;
  const side = box.left < point.x ? LEFT_COST : 0;
  const height = HEIGHT_COST * Math.abs((box.top + box.bottom) / 2 - point.y);
  return LEADER_COST * crossed + WHISKER_COST * covered + side + height;
}
