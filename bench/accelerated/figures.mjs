import { mean } from './contenders.mjs';
import { oneSided95 } from './student-t.mjs';

/**
 * A mean figure and why it would come out otherwise another time, as `src/statistics/uncertain-figure.ts` has it.
 *
 * @typedef {object} UncertainFigure
 * @property {number} estimate
 * @property {number} imageVariance
 * @property {{ variance: number, freedom: number }[]} seedVariances
 */

/**
 * The mean test accuracy of a contender.
 *
 * Images: the variance over images of the share of models that are right, over their number. The divisions of all search
 * seeds are of the same pool, most of which is the test, so that this part does not shrink with more of them. Seeds: the
 * variance between search seeds, in which division, search and trainings are drawn anew; with one search seed, that between
 * trainings, which says nothing of another search.
 *
 * @param {import('./contenders.mjs').Contender} contender
 * @returns {UncertainFigure}
 */
export const accuracyOf = ({ samples }) =>
  uncertain(samples.map(({ rightShares, bySeed }) => ({ perImage: rightShares, trainings: [bySeed] })));

/**
 * The accuracy of one contender less that of another, over the search seeds that both have: on the same images, so that what
 * is hard for both does not count.
 *
 * @param {import('./contenders.mjs').Contender} a
 * @param {import('./contenders.mjs').Contender} b
 * @returns {UncertainFigure & { searchSeedCount: number }} estimate NaN without a common search seed.
 */
export function differenceOf(a, b) {
  const pairs = a.samples.flatMap((sample) => {
    const other = b.samples.find(({ searchSeed }) => searchSeed === sample.searchSeed);
    return other === undefined ? [] : [[sample, other]];
  });
  const figure = uncertain(
    pairs.map(([one, other]) => ({
      perImage: one.rightShares.map((share, image) => share - other.rightShares[image]),
      trainings: [one.bySeed, other.bySeed],
    })),
  );
  return { ...figure, searchSeedCount: pairs.length };
}

/** @param {readonly { perImage: number[], trainings: number[][] }[]} samples One for each search seed. */
function uncertain(samples) {
  const means = samples.map(({ perImage }) => mean(perImage));
  const groups = samples.length === 1 ? samples[0].trainings : [means];
  return {
    estimate: mean(means),
    imageVariance: mean(samples.map(({ perImage }) => variance(perImage) / perImage.length)),
    seedVariances: groups
      .filter((values) => values.length > 1)
      .map((values) => ({ variance: variance(values) / values.length, freedom: values.length - 1 })),
  };
}

/**
 * What a figure is above with 95 % confidence: by Student's quantile, with Satterthwaite's degrees of freedom where the
 * image part counts as known.
 *
 * @param {UncertainFigure} figure
 */
export function lowerBound95({ estimate, imageVariance, seedVariances }) {
  const whole = seedVariances.reduce((sum, each) => sum + each.variance, imageVariance);
  const scatter = seedVariances.reduce((sum, each) => sum + each.variance ** 2 / each.freedom, 0);
  return estimate - oneSided95(scatter === 0 ? Infinity : whole ** 2 / scatter) * Math.sqrt(whole);
}

/** The sample variance of two values at least. */
function variance(values) {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** How far validation is above test, the mean over search seeds. @param {import('./contenders.mjs').Contender} contender */
export const overstatementOf = ({ samples }) =>
  mean(samples.map(({ validationAccuracy, bySeed }) => validationAccuracy - mean(bySeed)));

/** The mean cost in trainings of full fine-tuning; NaN where that was not measured. */
export const costOf = ({ samples }) => mean(samples.map(({ costInFull }) => costInFull).filter(Number.isFinite));

/** The wall time of one contender's jobs over another's, the mean over the search seeds that both have; NaN without any. */
export const wallRatioOf = (a, b) =>
  mean(
    a.samples.flatMap(({ searchSeed, wallSeconds }) => {
      const other = b.samples.find((sample) => sample.searchSeed === searchSeed);
      return other === undefined ? [] : [wallSeconds / other.wallSeconds];
    }),
  );
