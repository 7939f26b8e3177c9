import { nonDominated, type ParetoPoint, valuesToKeepLow } from '../domain/job/search-objectives.js';

/**
 * The candidates of which no other is as good in the validation figure and in every objective, and better in one.
 *
 * @param points Candidates with values of the same objectives, in any order.
 * @returns the best figure first; of equal ones the one that came first.
 */
export const paretoFront = (points: readonly ParetoPoint[]): ParetoPoint[] =>
  nonDominated(points, (point) => [-point.validationFigure, ...valuesToKeepLow(point)]).sort(
    (a, b) => b.validationFigure - a.validationFigure,
  );
