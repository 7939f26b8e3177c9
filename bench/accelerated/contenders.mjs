import { METHOD_NAMES } from '../../scripts/service/method-names.mjs';
import { ARMS, MAIN_ARM } from './arms.mjs';

/**
 * What is compared on a task: the search of an arm, or a plain method of the main arm's jobs.
 *
 * @typedef {object} Contender
 * @property {string} id An arm, or a method.
 * @property {string} title
 * @property {'SEARCH' | 'ALONE' | 'ABLATION' | 'PEER' | 'PLAIN'} kind
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
 */

/**
 * The contenders of a task, in the order of arms and methods.
 *
 * @param {import('./files.mjs').Result} result
 * @param {readonly object[]} lines Of `unpacked`.
 * @returns {Contender[]} those that were measured with one search seed at least.
 */
export function contendersOf({ units }, lines) {
  const searches = Object.entries(ARMS).map(([arm, { title, kind, method = 'BIOTUNE' }]) => ({
    id: arm,
    title,
    kind,
    arm,
    method,
  }));
  const plain = Object.entries(METHOD_NAMES)
    .filter(([method]) => method !== 'BIOTUNE')
    .map(([method, title]) => ({ id: method, title, kind: 'PLAIN', arm: MAIN_ARM, method }));
  // RANDOM_SEARCH is an arm here and no plain method: ids are not told apart otherwise.
  return [...searches, ...plain.filter(({ id }) => !(id in ARMS))]
    .map(({ arm, method, ...contender }) => ({
      ...contender,
      samples: units
        .filter((unit) => unit.arm === arm && method in unit.costs)
        .sort((a, b) => a.searchSeed - b.searchSeed)
        .map((unit) => sampleOf(unit, method, fullCostOf(units, unit), lines)),
    }))
    .filter(({ samples }) => samples.length > 0);
}

/** @returns {SeedSample} */
function sampleOf({ arm, searchSeed, rows, costs, wallSeconds }, method, fullCost, lines) {
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
  };
}

/** One training of full fine-tuning on the images of a unit; NaN where the main arm has not been measured on them. */
function fullCostOf(units, { searchSeed }) {
  const main = units.find((unit) => unit.arm === MAIN_ARM && unit.searchSeed === searchSeed);
  const rows = main?.rows.filter(({ method }) => method === 'FULL_FINE_TUNE') ?? [];
  return mean(rows.map(({ multiplyAccumulates }) => multiplyAccumulates));
}

/** NaN of none. @param {readonly number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
