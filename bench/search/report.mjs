import { clock, percent } from '../../scripts/service/figures.mjs';
import { METHOD_NAMES } from '../../scripts/service/method-names.mjs';
import { textTable } from '../../scripts/service/text-table.mjs';
import { scientific } from './scientific.mjs';

const points = (share) => `${(100 * share).toFixed(1)} points`;

/** What a job would take, before it is started. @param estimate Answer of `POST /fineTuneJobs/estimate`. */
export function estimateText({ methods, cost, resolution, warnings }) {
  const table = textTable(
    ['method', 'candidates', 'trainings', 'multiply-accumulates'],
    methods.map(({ method, trialCount, cost: { trainingCount, multiplyAccumulates } }) => [
      METHOD_NAMES[method],
      trialCount === 0 ? '–' : trialCount,
      trainingCount,
      scientific(multiplyAccumulates),
    ]),
  );
  const total = `At most ${cost.trainingCount} trainings, ${scientific(cost.multiplyAccumulates)} multiply-accumulates`;
  const time = cost.trainSeconds === undefined ? '' : `, ${clock(cost.trainSeconds)} min of one worker`;
  const difference =
    resolution === undefined
      ? []
      : [
          `Two candidates of the search that differ by less than ${points(resolution.smallestDifference)} may differ by chance (95 %)`,
        ];
  return [table, '', `${total}${time}`, ...difference, ...warnings.map((warning) => `! ${warning}`)].join('\n');
}

/** What came of a task, best method first. @param result Of `resultOf`. @returns {string[][]} the heading, then a row each. */
export function resultTable({ methods, delivered }) {
  const costs = relativeCosts(methods);
  return [
    ['method', 'test accuracy (95 %)', 'macro', 'macro-F1', 'trained parameters', 'cost × full', 'seconds', ''],
    ...methods.map((row, index) => [
      METHOD_NAMES[row.method],
      `${percent(row.accuracy)} (${percent(row.interval.low)} – ${percent(row.interval.high)})`,
      percent(row.macroAccuracy),
      row.macroF1.toFixed(3),
      row.trainedParameters.toLocaleString('en'),
      costs[index]?.toFixed(2) ?? '–',
      row.seconds?.toFixed(0) ?? '–',
      row.method === delivered ? '← delivered' : '',
    ]),
  ];
}

/** The table of a task, the verdict and the warnings. @param result Of `resultOf`. */
export function resultText(result) {
  const { task, verdict, warnings } = result;
  const [heading = [], ...rows] = resultTable(result);
  return [`\n${task}\n`, textTable(heading, rows), '', verdict, ...warnings.map((warning) => `! ${warning}`)].join(
    '\n',
  );
}

/**
 * Multiply-accumulates of each method over those of full fine-tuning.
 *
 * @param {readonly import('./result.mjs').MethodResult[]} methods
 * @returns {(number | undefined)[]} undefined where full fine-tuning was not measured.
 */
export function relativeCosts(methods) {
  const full = methods.find(({ method }) => method === 'FULL_FINE_TUNE');
  return methods.map(({ multiplyAccumulates }) => full && multiplyAccumulates / full.multiplyAccumulates);
}
