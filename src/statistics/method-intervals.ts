import { type PerFigure, perFigure } from './class-figures.js';
import { type Interval, meanInterval, noNarrowerThan } from './interval.js';
import { type Resampling, sampledFigures } from './resampling.js';
import { type ClassResult, type MethodPredictions, ScoredTestSet, type TestSet } from './test-set.js';
import { meanFigure, tInterval } from './uncertain-figure.js';
import { wilsonInterval } from './wilson.js';

/**
 * The test figures of a method, means over its seeds, each with its 95 % interval: see `tInterval`. With one seed the
 * interval is that of one training.
 *
 * A bootstrap sees no other outcome than those that it is given: all right would be right without a doubt. So an interval is
 * never narrower than that of a proportion seen on as few images; of few images it is a little too wide.
 *
 * 10,000 images of 3 seeds take about a second.
 *
 * @throws {RangeError} as `ScoredTestSet` does.
 */
export async function methodIntervals(
  predictions: MethodPredictions,
  test: TestSet,
  resampling: Resampling,
): Promise<PerFigure<Interval>> {
  const scored = new ScoredTestSet(test, [predictions]);
  const [samples] = await sampledFigures(scored, resampling);
  if (samples === undefined) throw new Error('no figures of the method');
  const least = proportionIntervals(scored.classResults(0));
  return perFigure((name) => noNarrowerThan(least[name], tInterval(meanFigure(samples[name])), [0, 1]));
}

/**
 * The intervals of the figures as proportions: Wilson's of all images, and of each class. F1 is read as the share
 * right / ((images + predictions) / 2), which holds where it matters: when nearly all, or nearly nothing, is right.
 */
function proportionIntervals(classes: readonly ClassResult[]): PerFigure<Interval> {
  const sum = (count: (result: ClassResult) => number) => classes.reduce((total, result) => total + count(result), 0);
  const recalls = classes.map(({ rightCount, imageCount }) => wilsonInterval(rightCount, imageCount));
  const f1s = classes.map(({ rightCount, imageCount, predictionCount }) =>
    wilsonInterval(rightCount, (imageCount + predictionCount) / 2),
  );
  return {
    accuracy: wilsonInterval(
      sum(({ rightCount }) => rightCount),
      sum(({ imageCount }) => imageCount),
    ),
    macroAccuracy: meanInterval(recalls),
    macroF1: meanInterval(f1s),
  };
}
