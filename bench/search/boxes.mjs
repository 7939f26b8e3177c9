/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box in pixels, y downwards. */

/** @param {Box} a @param {Box} b @returns whether they have more than an edge in common. */
export const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** @returns the point of a box that is nearest to a point. */
export const nearestOf = ({ left, top, right, bottom }, { x, y }) => ({
  x: Math.min(right, Math.max(left, x)),
  y: Math.min(bottom, Math.max(top, y)),
});

/** Whether the line between two points goes through the inside of a box (Liang and Barsky, 1984). */
export function crosses(from, to, { left, top, right, bottom }) {
  if (Math.max(from.x, to.x) <= left || Math.min(from.x, to.x) >= right) return false;
  if (Math.max(from.y, to.y) <= top || Math.min(from.y, to.y) >= bottom) return false;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  let [enter, leave] = [0, 1];
  for (const [step, room] of [
    [-dx, from.x - left],
    [dx, right - from.x],
    [-dy, from.y - top],
    [dy, bottom - from.y],
  ]) {
    if (step < 0) enter = Math.max(enter, room / step);
    if (step > 0) leave = Math.min(leave, room / step);
  }
  return enter < leave;
}
