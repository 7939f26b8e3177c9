import { percent } from '../../scripts/service/figures.mjs';
import { MAIN_ARM } from './arms.mjs';
import { accuracyOf, costOf, differenceOf, lowerBound95, overstatementOf, wallRatioOf } from './figures.mjs';

/** What the accelerated search is held to. Accuracies are shares of the test images. */
export const TARGETS = {
  /** How far it may be behind the best other method, at the most, with 95 % confidence. */
  inferiority: 0.005,
  /** What it gains over LP-FT on the main tasks. */
  gainOverLpFt: 0.02,
  /** In trainings of full fine-tuning. */
  cost: 15,
  /** Of PAPER_FAST's wall time. */
  wallRatio: 1 / 4,
  overstatement: 0.015,
  /** How far the estimate of a job may be from what it takes, as a share of that. */
  estimateError: 0.25,
};

/** Those that it is compared with: what a user would do otherwise. */
const RIVALS = ['SEARCH', 'PEER', 'PLAIN'];

/**
 * Whether a target is met on a task.
 *
 * @typedef {object} Check
 * @property {string} target
 * @property {string} found
 * @property {'met' | 'not met' | 'too few seeds' | 'not measured'} verdict
 */

/** @param {number} share */
export const points = (share) => `${(100 * share).toFixed(1)} points`;

/**
 * The best of the others by mean test accuracy; undefined where none was measured.
 *
 * @param {readonly import('./contenders.mjs').Contender[]} contenders
 */
export const bestOther = (contenders) =>
  contenders
    .filter(({ id, kind }) => id !== MAIN_ARM && RIVALS.includes(kind))
    .toSorted((a, b) => accuracyOf(b).estimate - accuracyOf(a).estimate)[0];

/**
 * Holds what was measured of a task against the targets.
 *
 * @param {readonly import('./contenders.mjs').Contender[]} contenders
 * @param {{ isMain: boolean, searchSeedCount: number }} task With the number of search seeds that a verdict needs.
 * @returns {Check[]}
 */
export function checksOf(contenders, { isMain, soupGainOverLpFt, searchSeedCount }) {
  const find = (id) => contenders.find((contender) => contender.id === id);
  const scope = { main: find(MAIN_ARM), searchSeedCount };
  const soup = { main: find('SOUP'), searchSeedCount };
  return [
    notInferior({ main: find('DELIVERED'), searchSeedCount }, bestOther(contenders)),
    ...(isMain ? [ahead(scope, find('LP_FT'), 'LP-FT', TARGETS.gainOverLpFt)] : []),
    ...(soupGainOverLpFt === undefined ? [] : [ahead(soup, find('LP_FT'), 'LP-FT, as a soup', soupGainOverLpFt)]),
    ahead(scope, find('TPE'), 'TPE', 0),
    ahead(scope, find('RANDOM_SEARCH'), 'random search', 0),
    cheap(scope),
    fast(scope, find('PAPER_FAST')),
    honest(scope),
    foreseen(scope),
  ];
}

const notMeasured = (target) => ({ target, found: '–', verdict: 'not measured' });

/** With fewer search seeds than were set nothing is said, whatever was found. */
const judged = ({ searchSeedCount }, seedCount, target, found, isMet) => ({
  target,
  found: `${found} (${seedCount} search ${seedCount === 1 ? 'seed' : 'seeds'})`,
  verdict: seedCount < searchSeedCount ? 'too few seeds' : isMet ? 'met' : 'not met',
});

function notInferior(scope, rival) {
  const target = `as delivered, at most ${points(TARGETS.inferiority)} behind the best other method, with 95 % confidence`;
  if (scope.main === undefined || rival === undefined) return notMeasured(target);
  const difference = differenceOf(scope.main, rival);
  if (difference.searchSeedCount === 0) return notMeasured(target);
  const bound = lowerBound95(difference);
  const found = `${points(difference.estimate)} over ${rival.title}, at least ${points(bound)}`;
  return judged(scope, difference.searchSeedCount, target, found, bound >= -TARGETS.inferiority);
}

function ahead(scope, rival, name, gain) {
  const target = gain > 0 ? `${points(gain)} over ${name}` : `ahead of ${name}`;
  if (scope.main === undefined || rival === undefined) return notMeasured(target);
  const { estimate, searchSeedCount } = differenceOf(scope.main, rival);
  if (searchSeedCount === 0) return notMeasured(target);
  const isMet = gain > 0 ? estimate >= gain : estimate > 0;
  return judged(scope, searchSeedCount, target, points(estimate), isMet);
}

function cheap(scope) {
  const target = `at most ${TARGETS.cost} trainings of full fine-tuning in all`;
  const cost = scope.main === undefined ? NaN : costOf(scope.main);
  if (Number.isNaN(cost)) return notMeasured(target);
  return judged(scope, scope.main.samples.length, target, cost.toFixed(1), cost <= TARGETS.cost);
}

function fast(scope, paper) {
  const target = `at most ${TARGETS.wallRatio} of PAPER_FAST's wall time`;
  const ratio = scope.main === undefined || paper === undefined ? NaN : wallRatioOf(scope.main, paper);
  if (Number.isNaN(ratio)) return notMeasured(target);
  const seedCount = Math.min(scope.main.samples.length, paper.samples.length);
  return judged(scope, seedCount, target, ratio.toFixed(2), ratio <= TARGETS.wallRatio);
}

function honest(scope) {
  const target = `validation at most ${points(TARGETS.overstatement)} above test`;
  if (scope.main === undefined) return notMeasured(target);
  const overstatement = overstatementOf(scope.main);
  const isMet = overstatement <= TARGETS.overstatement;
  return judged(scope, scope.main.samples.length, target, points(overstatement), isMet);
}

function foreseen(scope) {
  const target = `every job estimated to within ${percent(TARGETS.estimateError)} of what it takes`;
  const ratios = (scope.main?.samples ?? []).map(({ estimateRatio }) => estimateRatio).filter(Number.isFinite);
  if (ratios.length === 0) return notMeasured(target);
  const isMet = ratios.every((ratio) => Math.abs(ratio - 1) <= TARGETS.estimateError);
  const found = `${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))}`;
  return judged(scope, ratios.length, target, found, isMet);
}
