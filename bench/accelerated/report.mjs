import { percent } from '../../scripts/service/figures.mjs';
import { runsText } from '../run.mjs';
import { MAIN_ARM } from './arms.mjs';
import { bestOther, checksOf, points } from './checks.mjs';
import { mean } from './contenders.mjs';
import { accuracyOf, costOf, differenceOf, overstatementOf, wallRatioOf } from './figures.mjs';

/**
 * What was measured of a task.
 *
 * @typedef {object} Measured
 * @property {string} name
 * @property {import('./tasks.mjs').Task} task
 * @property {number} searchSeedCount That a verdict needs.
 * @property {import('./files.mjs').Result} result
 * @property {import('./contenders.mjs').Contender[]} contenders
 *
 * @typedef {(figure: import('./figures.mjs').UncertainFigure) => { estimate: number, lower: number, upper: number }} IntervalOf
 *   `tInterval` of `src/statistics`.
 */

/** The section of a task, as Markdown. @param {Measured} measured @param {IntervalOf} intervalOf */
export function sectionOf(measured, intervalOf) {
  const { name, task, result, contenders, searchSeedCount } = measured;
  const { train, validation, test } = result.imageCounts;
  const checks = checksOf(contenders, { ...task, searchSeedCount });
  return [
    `### ${task.title} (${name}: ${train} training, ${validation} validation and ${test} test images, ${task.imageSizePx} px, up to ${result.sizes.epochs} epochs)`,
    `![accuracy against cost](../bench/results/accelerated-${name}.svg)`,
    markdownTable(resultTable(contenders, intervalOf)),
    lossText(contenders, intervalOf),
    'Each part taken out: the difference is what the part is worth.',
    markdownTable(ablationTable(contenders, intervalOf)),
    markdownTable([['target', 'found', ''], ...checks.map(({ target, found, verdict }) => [target, found, verdict])]),
    runsText(result.runs),
  ].join('\n\n');
}

const isAblation = ({ id, kind }) => id === MAIN_ARM || kind === 'ABLATION';

/** A row for each search and plain method, the best first. @returns {string[][]} */
export function resultTable(contenders, intervalOf) {
  const paper = contenders.find(({ id }) => id === 'PAPER_FAST');
  const compared = contenders.filter(({ kind }) => kind !== 'ABLATION');
  return [
    [
      'method',
      'search seeds',
      'models',
      'test accuracy (95 %)',
      'validation − test',
      'cost × full',
      'wall × PAPER_FAST',
    ],
    ...byAccuracy(compared).map((contender) => [
      contender.title,
      String(contender.samples.length),
      String(contender.samples.reduce((sum, { bySeed }) => sum + bySeed.length, 0)),
      accuracyText(contender, intervalOf),
      points(overstatementOf(contender)),
      ratioText(costOf(contender), 2),
      // Plain methods share a job, so that its wall time is no one's.
      contender.kind === 'PLAIN' || paper === undefined ? '–' : ratioText(wallRatioOf(contender, paper), 2),
    ]),
  ];
}

/** The accelerated search, then it without each of its parts. @returns {string[][]} */
export function ablationTable(contenders, intervalOf) {
  const main = contenders.find(({ id }) => id === MAIN_ARM);
  return [
    ['search', 'search seeds', 'test accuracy (95 %)', 'the part is worth (95 %)', 'cost × full'],
    ...contenders
      .filter(isAblation)
      .map((contender) => [
        contender.title,
        String(contender.samples.length),
        accuracyText(contender, intervalOf),
        contender === main || main === undefined ? '–' : differenceText(differenceOf(main, contender), intervalOf),
        ratioText(costOf(contender), 2),
      ]),
  ];
}

/** Says where the search loses, and to whom. @returns {string} a sentence or several. */
export function lossText(contenders, intervalOf) {
  const main = contenders.find(({ id }) => id === MAIN_ARM);
  const best = bestOther(contenders);
  if (main === undefined || best === undefined) return `${MAIN_ARM} or what it is compared with is not measured.`;
  const rivals = contenders.filter(({ id, kind }) => id !== MAIN_ARM && ['SEARCH', 'PEER', 'PLAIN'].includes(kind));
  const lost = byAccuracy(rivals)
    .map((rival) => ({ rival, difference: differenceOf(rival, main) }))
    .filter(({ difference }) => difference.estimate > 0);
  if (lost.length === 0) {
    return `${MAIN_ARM} loses to none of the others; the next is ${best.title}, behind by ${differenceText(differenceOf(main, best), intervalOf)}.`;
  }
  const losses = lost.map(({ rival, difference }) => `${rival.title} by ${differenceText(difference, intervalOf)}`);
  return `**${MAIN_ARM} loses** to ${losses.join(', to ')}.`;
}

/** What the chart of a task shows, as `bench/search/chart.mjs` wants it. @param {Measured} measured */
export function chartFacts({ task, result, contenders }, intervalOf) {
  // What is delivered is one of the others.
  const compared = contenders.filter(({ id, kind }) => kind !== 'ABLATION' && id !== 'DELIVERED');
  const seedCount = Math.max(...compared.map(({ samples }) => samples.length));
  return {
    title: task.title,
    imageCounts: result.imageCounts,
    classCount: result.classCount,
    settings: { data: { imageSizePx: task.imageSizePx } },
    means: `means of up to ${seedCount} search seeds`,
    methods: compared.map((contender) => {
      const { estimate, lower, upper } = intervalOf(accuracyOf(contender));
      return {
        method: contender.id === MAIN_ARM ? 'BIOTUNE' : contender.id,
        label: contender.title,
        accuracy: estimate,
        interval: { low: Math.max(0, lower), high: Math.min(1, upper) },
        multiplyAccumulates: mean(contender.samples.map(({ multiplyAccumulates }) => multiplyAccumulates)),
      };
    }),
  };
}

const byAccuracy = (contenders) => contenders.toSorted((a, b) => accuracyOf(b).estimate - accuracyOf(a).estimate);

function accuracyText(contender, intervalOf) {
  const { estimate, lower, upper } = intervalOf(accuracyOf(contender));
  return `${percent(estimate)} (${percent(lower)} – ${percent(upper)})`;
}

function differenceText(difference, intervalOf) {
  if (Number.isNaN(difference.estimate)) return '–';
  const { estimate, lower, upper } = intervalOf(difference);
  return `${points(estimate)} (${points(lower)} – ${points(upper)})`;
}

const ratioText = (ratio, digits) => (Number.isFinite(ratio) ? ratio.toFixed(digits) : '–');

/** @param {readonly string[][]} rows The heading first. */
function markdownTable([heading, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
