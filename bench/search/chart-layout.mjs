import { METHOD_NAMES } from '../../scripts/service/method-names.mjs';
import { placeLabels } from './place-labels.mjs';
import { logScale, shareScale } from './scales.mjs';

export const [WIDTH, HEIGHT] = [960, 600];
/** Where values are drawn. */
export const AREA = { left: 80, top: 84, right: WIDTH - 24, bottom: HEIGHT - 76 };
/** Of a letter on the mean, and rather more, since the reader's font is not known. */
const LETTER_WIDTH = 8;

/**
 * Where everything of a chart stands: accuracy upwards, cost to the right.
 *
 * @param {{ methods: readonly (import('./result.mjs').MethodResult & { label?: string })[] }} result A method without a label
 *   has its own name.
 * @returns scales, and for each method its point, the ends of its whiskers, its label and the label's box.
 */
export function layoutOf({ methods }) {
  const costs = methods.map(({ multiplyAccumulates }) => multiplyAccumulates);
  const x = logScale(costs, AREA.left, AREA.right);
  const y = shareScale(
    methods.flatMap(({ interval }) => [interval.low, interval.high]),
    AREA.bottom,
    AREA.top,
  );
  const points = methods.map(({ method, label = METHOD_NAMES[method], accuracy, interval, multiplyAccumulates }) => ({
    method,
    label,
    x: x.at(multiplyAccumulates),
    y: y.at(accuracy),
    top: y.at(interval.high),
    bottom: y.at(interval.low),
    width: label.length * LETTER_WIDTH,
  }));
  const boxes = placeLabels(points, AREA);
  return { x, y, points: points.map((point, index) => ({ ...point, box: boxes[index] })) };
}
