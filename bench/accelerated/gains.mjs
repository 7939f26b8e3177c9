import { ARMS, FULL_ARM, MAIN_ARM } from './arms.mjs';
import { mean } from './contenders.mjs';

/** Methods that search a space of candidates like the search itself; all others are plain. */
const NOT_PLAIN = ['BIOTUNE', 'RANDOM_SEARCH'];

/**
 * What searches gained over the best plain method, by the mean test accuracy of each, from a file of `npm run bench:search`: a
 * gain for each training.
 *
 * @param result Of `bench/search/result.mjs`.
 * @param {string} source
 * @returns {object | undefined} undefined without a search, or without a plain method.
 */
export function gainOfSearch({ settings, rows, methods, imageCounts, classCount }, source) {
  const best = methods.find(({ method }) => !NOT_PLAIN.includes(method));
  const found = rows.filter(({ method }) => method === 'BIOTUNE');
  if (best === undefined || found.length === 0) return undefined;
  const gains = found.map(({ accuracy }) => accuracy - best.accuracy);
  const { mode } = settings.search.biotune;
  return { mode, gains: gains.map(rounded), source, imageCount: imageCounts.train, classCount };
}

/**
 * The same from a file of `npm run bench:accelerated`: what each search seed delivers, over the plain method that is best in all,
 * of those that were measured with all these search seeds. Seeds of which only the search was measured yet do not count.
 *
 * @param {import('./files.mjs').Result} result
 * @param {string} source
 */
export function gainOfAccelerated({ units, imageCounts, classCount }, source) {
  const seeds = new Set(units.filter(({ arm }) => arm === FULL_ARM).map(({ searchSeed }) => searchSeed));
  const main = units.filter(({ arm, searchSeed }) => arm === MAIN_ARM && seeds.has(searchSeed));
  const plain = units.filter(({ arm }) => ARMS[arm].kind === 'PLAIN');
  const accuracyOf = (method, { searchSeed }) =>
    testAccuracyOf(
      plain.filter((unit) => unit.searchSeed === searchSeed),
      method,
    );
  const meanOf = (method) => mean(main.map((unit) => accuracyOf(method, unit)));
  const [best] = [...new Set(plain.flatMap(({ costs }) => Object.keys(costs)))]
    .filter((method) => Number.isFinite(meanOf(method)))
    .sort((a, b) => meanOf(b) - meanOf(a));
  if (best === undefined) return undefined;
  const gains = main.map((unit) => testAccuracyOf([unit], unit.delivered) - accuracyOf(best, unit));
  return { mode: 'ACCELERATED', gains: gains.map(rounded), source, imageCount: imageCounts.train, classCount };
}

/** The mean test accuracy of a method over its models in some units; NaN without one. */
const testAccuracyOf = (units, method) =>
  mean(
    units.flatMap(({ rows }) => rows.filter((row) => row.method === method)).map(({ testAccuracy }) => testAccuracy),
  );

/** To a hundredth of a point: more digits would say more than is known. */
const rounded = (share) => Number(share.toFixed(4));
