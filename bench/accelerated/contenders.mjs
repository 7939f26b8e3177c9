import { METHOD_NAMES } from '../../scripts/service/method-names.mjs';
import { ARMS, FULL_ARM, MAIN_ARM } from './arms.mjs';

/**
 * What is compared on a task: the search of an arm, or a plain method. OWN: what else comes of the accelerated search, its soup
 * and the model that it delivers.
 *
 * @typedef {object} Contender
 * @property {string} id An arm, a method, or DELIVERED.
 * @property {string} title
 * @property {'SEARCH' | 'OWN' | 'PLAIN' | 'ABLATION' | 'PEER'} kind
 * @property {SeedSample[]} samples One for each search seed.
 *
 * What one search seed gave.
 * @typedef {object} SeedSample
 * @property {number} searchSeed
 * @property {number[]} rightShares Of each test image: the share of the models that have it right.
 * @property {number[]} bySeed The test accuracy of each model.
 * @property {number} validationAccuracy The mean over the models; NaN where nothing was validated.
 * @property {number} multiplyAccumulates All that the method took: search, choice among the best, finals.
 * @property {number} costInFull All multiply-accumulates of the method over those of one training of full fine-tuning on the
 *   same images; NaN where that was not measured.
 * @property {number} wallSeconds Of the job, in which other methods may have been.
 * @property {number} estimateRatio What the job was estimated to take over what it took; NaN without an estimate.
 */

/**
 * The contenders of a task, in the order of arms and methods.
 *
 * @param {import('./files.mjs').Result} result
 * @param {readonly object[]} lines Of `unpacked`.
 * @returns {Contender[]} those that were measured with one search seed at least.
 */
export function contendersOf({ units }, lines) {
  return Object.entries(ARMS)
    .flatMap(([arm, facts]) => comparedOf(arm, facts))
    .map(({ arm, methodIn, ...contender }) => ({
      ...contender,
      samples: units
        .filter((unit) => unit.arm === arm && methodIn(unit) in unit.costs)
        .sort((a, b) => a.searchSeed - b.searchSeed)
        .map((unit) => sampleOf(unit, methodIn(unit), fullCostOf(units, unit), lines)),
    }))
    .filter(({ samples }) => samples.length > 0);
}

/** What is compared of an arm: its search, or each of its plain methods. `methodIn` says which method of a unit that is. */
function comparedOf(arm, { title, kind, method = 'BIOTUNE', request }) {
  const compared = { id: arm, title, kind, arm, methodIn: () => method };
  if (kind === 'PLAIN') {
    return request.baselines.map((id) => ({ ...compared, id, title: METHOD_NAMES[id], methodIn: () => id }));
  }
  if (arm !== MAIN_ARM) return [compared];
  return [
    compared,
    { ...compared, id: 'SOUP', title: `${title}, soup`, kind: 'OWN', methodIn: () => 'SOUP' },
    { ...compared, id: 'DELIVERED', title: `${title}, delivered`, kind: 'OWN', methodIn: ({ delivered }) => delivered },
  ];
}

/** @returns {SeedSample} */
function sampleOf(unit, method, fullCost, lines) {
  const { arm, searchSeed, rows, costs, wallSeconds } = unit;
  const ofSeed = lines.filter((line) => line.searchSeed === searchSeed);
  const { labels } = ofSeed.find((line) => 'labels' in line);
  const models = ofSeed.filter((line) => line.arm === arm && line.method === method);
  if (models.length === 0) throw new Error(`there are no predictions of ${arm}, ${method}, search seed ${searchSeed}`);
  const isRight = ({ predictions }, image) => Number(predictions[image] === labels[image]);
  return {
    searchSeed,
    rightShares: labels.map((_, image) => mean(models.map((model) => isRight(model, image)))),
    bySeed: models.map((model) => mean(labels.map((_, image) => isRight(model, image)))),
    validationAccuracy: mean(rows.filter((row) => row.method === method).map((row) => row.validationAccuracy)),
    multiplyAccumulates: costs[method].multiplyAccumulates,
    costInFull: costs[method].multiplyAccumulates / fullCost,
    wallSeconds,
    estimateRatio: (unit.estimatedMultiplyAccumulates ?? NaN) / (unit.multiplyAccumulates ?? NaN),
  };
}

/** One training of full fine-tuning on the images of a unit; NaN where it has not been measured on them. */
function fullCostOf(units, { searchSeed }) {
  const full = units.find((unit) => unit.arm === FULL_ARM && unit.searchSeed === searchSeed);
  const rows = full?.rows.filter(({ method }) => method === 'FULL_FINE_TUNE') ?? [];
  return mean(rows.map(({ multiplyAccumulates }) => multiplyAccumulates));
}

/** NaN of none. @param {readonly number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
