import { percent } from '../../scripts/service/figures.mjs';
import { nearestOf } from './boxes.mjs';
import { AREA, HEIGHT, layoutOf, WIDTH } from './chart-layout.mjs';
import { scientific } from './scientific.mjs';

/** A label that is farther from its point than this is joined to it, in pixels. */
const BESIDE = 12;

/** A style sheet of its own follows the reader's dark mode also where the file is shown as an image. */
const STYLE = `
  text { font: 14px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .paper { fill: #ffffff }
  .title { font-size: 18px; font-weight: 600 }
  .quiet { fill: #59636e }
  .tick { font-size: 12px; fill: #59636e }
  .label { font-size: 13px }
  .grid { stroke: #d9dee3 }
  .leader { stroke: #59636e }
  .whisker { stroke: #0969da; stroke-width: 1.5; opacity: 0.45 }
  .point { fill: #0969da; stroke: #ffffff }
  .search .whisker { stroke: #bc4c00; opacity: 0.9 }
  .search .point { fill: #bc4c00 }
  .search.label { fill: #bc4c00; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .paper { fill: #0d1117 }
    .quiet, .tick { fill: #9198a1 }
    .grid { stroke: #2a313a }
    .leader { stroke: #9198a1 }
    .whisker { stroke: #4493f8 }
    .point { fill: #4493f8; stroke: #0d1117 }
    .search .whisker { stroke: #f0883e }
    .search .point { fill: #f0883e }
    .search.label { fill: #f0883e }
  }`;

/**
 * Test accuracy of each method against what it cost, as an SVG that needs nothing else.
 *
 * @param result Of `resultOf`; `means` says what the figures are means of, where that is more than seeds of one job.
 * @returns {string}
 */
export function chartOf(result) {
  const { x, y, points } = layoutOf(result);
  const title = `${result.title}: accuracy and cost of fine-tuning methods`;
  const description = `Test accuracy in percent against multiply-accumulates, one point for each of ${points.length} methods.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${title}</title>
<desc>${description}</desc>
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>
<text class="title" x="${AREA.left}" y="34">${title}</text>
<text class="quiet" x="${AREA.left}" y="58">${subtitle(result)}</text>
${x.ticks.map((tick) => xTick(x.at(tick), tick)).join('\n')}
${y.ticks.map((tick) => yTick(y.at(tick), tick)).join('\n')}
<text class="quiet" text-anchor="middle" x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 20}">cost of all trainings, searches included (multiply-accumulates, logarithmic)</text>
<text class="quiet" text-anchor="middle" transform="translate(24 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)">test accuracy (%)</text>
${points.map(whisker).join('\n')}
${points.map(leader).join('\n')}
${points.map((point, index) => mark(point, result.methods[index])).join('\n')}
${points.map(label).join('\n')}
</svg>
`;
}

function subtitle({ imageCounts: { train, validation, test }, classCount, settings, means = seedsText(settings) }) {
  return `${train} training, ${validation} validation, ${test} test images, ${classCount} classes, ${settings.data.imageSizePx} px; ${means}, whiskers: 95 % interval`;
}

const seedsText = ({ finals: { seedCount } }) => (seedCount === 1 ? 'one seed' : `means of ${seedCount} seeds`);

const round = (pixels) => Number(pixels.toFixed(1));

const line = (className, x1, y1, x2, y2) =>
  `<line class="${className}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;

const xTick = (x, value) => `${line('grid', x, AREA.top, x, AREA.bottom)}
<text class="tick" text-anchor="middle" x="${round(x)}" y="${AREA.bottom + 20}">${scientific(value)}</text>`;

const yTick = (y, value) => `${line('grid', AREA.left, y, AREA.right, y)}
<text class="tick" text-anchor="end" x="${AREA.left - 10}" y="${round(y + 4)}">${Number((100 * value).toFixed(1))}</text>`;

const isSearch = ({ method }) => method === 'BIOTUNE';

const group = (point, content) => (isSearch(point) ? `<g class="search">${content}</g>` : content);

const whisker = (point) => {
  const { x, top, bottom } = point;
  const ends = [top, bottom].map((y) => line('whisker', x - 4, y, x + 4, y));
  return group(point, line('whisker', x, top, x, bottom) + ends.join(''));
};

const leader = ({ x, y, box }) => {
  const end = nearestOf(box, { x, y });
  return Math.hypot(end.x - x, end.y - y) <= BESIDE ? '' : line('leader', x, y, end.x, end.y);
};

const mark = (point, { accuracy, multiplyAccumulates }) => {
  const tip = `<title>${point.label}: ${percent(accuracy)}, ${scientific(multiplyAccumulates)}</title>`;
  return group(point, `<circle class="point" cx="${round(point.x)}" cy="${round(point.y)}" r="5">${tip}</circle>`);
};

/** On the side of the box that faces the point, which is nearer when the letters are narrower than was assumed. */
const label = (point) => {
  const { x, box } = point;
  const isLeft = (box.left + box.right) / 2 < x;
  const [anchor, at] = isLeft ? ['end', box.right] : ['start', box.left];
  const classes = isSearch(point) ? 'label search' : 'label';
  return `<text class="${classes}" text-anchor="${anchor}" x="${round(at)}" y="${round(box.bottom - 4)}">${point.label}</text>`;
};
