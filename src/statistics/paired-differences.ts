import { agrestiMinInterval, type PairedCounts } from './agresti-min.js';
import { hull, type Interval, meanInterval, percentileInterval } from './interval.js';
import { observedFigures, resampledFigures, type Resampling } from './resampling.js';
import { type MethodPredictions, ScoredTestSet, type TestSet } from './test-set.js';

/** The differences of two methods' figures, as fractions. */
export interface Differences {
  readonly accuracy: Interval;
  readonly macroAccuracy: Interval;
}

/**
 * The test figures of `a` minus those of `b`, as fractions, each with its 95 % interval; where that is without 0, the
 * methods differ.
 *
 * Both are scored on the same images in every resample, since images that are hard for one are mostly hard for the other:
 * the difference is known better than either figure. The seeds of the methods are drawn apart from each other. As with single
 * figures, an interval is never narrower than that of matched proportions: methods that agree on all images may differ on the next.
 *
 * @throws {RangeError} as `ScoredTestSet` does.
 */
export async function pairedDifferences(
  a: MethodPredictions,
  b: MethodPredictions,
  test: TestSet,
  resampling: Resampling,
): Promise<Differences> {
  const scored = new ScoredTestSet(test, [a, b]);
  const [observedA, observedB] = observedFigures(scored);
  const [resampledA = [], resampledB = []] = await resampledFigures(scored, resampling);
  const pairs = scored.classPairs(0, 1);
  const interval = (name: keyof Differences, least: Interval) => {
    const differences = resampledA.map((figures, index) => figures[name] - (resampledB[index]?.[name] ?? NaN));
    const estimate = (observedA?.[name] ?? NaN) - (observedB?.[name] ?? NaN);
    return hull(percentileInterval(estimate, differences), least);
  };
  return {
    accuracy: interval('accuracy', agrestiMinInterval(pairs.reduce(addPairs))),
    macroAccuracy: interval('macroAccuracy', meanInterval(pairs.map(agrestiMinInterval))),
  };
}

const addPairs = (a: PairedCounts, b: PairedCounts): PairedCounts => ({
  imageCount: a.imageCount + b.imageCount,
  onlyA: a.onlyA + b.onlyA,
  onlyB: a.onlyB + b.onlyB,
});
