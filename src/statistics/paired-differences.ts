import { type Interval, percentileInterval } from './interval.js';
import { observedFigures, resampledFigures, type Resampling } from './resampling.js';
import { type PerFigure, perFigure } from './test-figures.js';
import { type MethodPredictions, ScoredTestSet, type TestSet } from './test-set.js';

/**
 * By how much the test figures of `a` are above those of `b`, as fractions, each with its 95 % interval; one without 0 tells
 * the methods apart.
 *
 * Both are scored on the same images in every resample, since images that are hard for one are mostly hard for the other:
 * the difference is known better than either figure. The seeds of the methods are drawn apart from each other.
 *
 * @throws RangeError as `ScoredTestSet` does.
 */
export async function pairedDifferences(
  a: MethodPredictions,
  b: MethodPredictions,
  test: TestSet,
  resampling: Resampling,
): Promise<PerFigure<Interval>> {
  const scored = new ScoredTestSet(test, [a, b]);
  const [observedA, observedB] = observedFigures(scored);
  const [resampledA = [], resampledB = []] = await resampledFigures(scored, resampling);
  return perFigure((name) =>
    percentileInterval(
      (observedA?.[name] ?? NaN) - (observedB?.[name] ?? NaN),
      resampledA.map((figures, index) => figures[name] - (resampledB[index]?.[name] ?? NaN)),
    ),
  );
}
