import { agrestiMinInterval, type PairedDifference } from './agresti-min.js';
import { type PerFigure, perFigure } from './class-figures.js';
import { type Interval, meanInterval, noNarrowerThan } from './interval.js';
import { mean } from './mean.js';
import { type Resampling, sampledFigures } from './resampling.js';
import { type MethodPredictions, ScoredTestSet, type TestSet } from './test-set.js';
import { differenceOf, tInterval } from './uncertain-figure.js';

/**
 * The test figures of `a` minus those of `b`, as fractions, each with its 95 % interval; where that is without 0, the
 * methods differ.
 *
 * Both are scored on the same images in every resample, since images that are hard for one are mostly hard for the other:
 * the difference is known better than either figure. The seeds of each method add what they are apart by; see `tInterval`. As
 * with single figures, an interval is never narrower than that of matched proportions: methods that agree on all images may
 * differ on the next.
 *
 * @throws {RangeError} as `ScoredTestSet` does.
 */
export async function pairedDifferences(
  a: MethodPredictions,
  b: MethodPredictions,
  test: TestSet,
  resampling: Resampling,
): Promise<PerFigure<Interval>> {
  const scored = new ScoredTestSet(test, [a, b]);
  const [samplesA, samplesB] = await sampledFigures(scored, resampling);
  if (samplesA === undefined || samplesB === undefined) throw new Error('no figures of one of two methods');
  const least = matchedIntervals(scored);
  return perFigure((name) =>
    noNarrowerThan(least[name], tInterval(differenceOf(samplesA[name], samplesB[name])), [-1, 1]),
  );
}

/**
 * The intervals of the differences as matched proportions: Agresti and Min's of all images, and of each class. F1 is right /
 * ((images + predictions) / 2), so that an image moves it by n / ((n + p) / 2) times what it moves the recall of its n images,
 * where p are the predictions of the class, the mean of both methods.
 */
function matchedIntervals(scored: ScoredTestSet): PerFigure<Interval> {
  const pairs = scored.classPairs(0, 1);
  const recalls = pairs.map(agrestiMinInterval);
  const results = [scored.classResults(0), scored.classResults(1)];
  const f1s = recalls.map((recall, place) => {
    const { imageCount = NaN } = pairs[place] ?? {};
    const predictionCount = mean(results.map((classes) => classes[place]?.predictionCount ?? NaN));
    return scaled(recall, (2 * imageCount) / (imageCount + predictionCount));
  });
  return {
    accuracy: agrestiMinInterval(pairs.reduce(addPairs)),
    macroAccuracy: meanInterval(recalls),
    macroF1: meanInterval(f1s),
  };
}

const scaled = ({ estimate, lower, upper }: Interval, factor: number): Interval => ({
  estimate: factor * estimate,
  lower: factor * lower,
  upper: factor * upper,
});

const addPairs = (a: PairedDifference, b: PairedDifference): PairedDifference => ({
  imageCount: a.imageCount + b.imageCount,
  sum: a.sum + b.sum,
  squareSum: a.squareSum + b.squareSum,
});
