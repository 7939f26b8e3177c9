/**
 * An axis: a value's place on it, and the values that are marked.
 *
 * @typedef {{ at: (value: number) => number, ticks: number[] }} Scale
 */

/** Of a decade that are marked: the first set that marks enough. */
const MANTISSAS = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]];
const TICK_COUNT_MIN = 3;
/** Any stretch of this length has three marks of the last set. */
const DECADES_MIN = 0.5;
const TICK_COUNT_MAX = 7;
/** Of the values' range, on either side. */
const MARGIN = 0.08;

/**
 * A logarithmic axis with a margin around its values.
 *
 * @param {readonly number[]} values Above 0.
 * @param {number} from Place of the low end. @param {number} to Place of the high end.
 * @returns {Scale}
 */
export function logScale(values, from, to) {
  const [low, high] = widened(values.map(Math.log10), DECADES_MIN);
  const ticksOf = (mantissas) =>
    range(Math.floor(low), Math.floor(high))
      .flatMap((decade) => mantissas.map((mantissa) => mantissa * 10 ** decade))
      .filter((tick) => isWithin(Math.log10(tick), low, high));
  const mantissas = MANTISSAS.find((set) => ticksOf(set).length >= TICK_COUNT_MIN) ?? [];
  return { at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from), ticks: ticksOf(mantissas) };
}

/**
 * An axis of shares, with a margin around its values that stays within 0 to 1.
 *
 * @param {readonly number[]} values
 * @param {number} from Place of the low end. @param {number} to Place of the high end.
 * @returns {Scale}
 */
export function shareScale(values, from, to) {
  const [low, high] = widened(values, 0.02).map((end) => Math.min(1, Math.max(0, end)));
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((size) => (high - low) / size <= TICK_COUNT_MAX);
  const ticks = range(Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)).map((count) => count * step);
  return { at: (value) => from + ((value - low) / (high - low)) * (to - from), ticks };
}

/** Both ends, moved apart to `lengthMin` at least, and by the margin. */
function widened(values, lengthMin) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const length = Math.max(lengthMin, (high - low) * (1 + 2 * MARGIN));
  const middle = (low + high) / 2;
  return [middle - length / 2, middle + length / 2];
}

const isWithin = (value, low, high) => value >= low && value <= high;

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
