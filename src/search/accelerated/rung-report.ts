import type { Rung } from '../../domain/job/job-result.js';
import { placeOf } from '../history.js';
import type { Tried } from './race.js';
import { rankCorrelation } from './rank-correlation.js';
import type { Judgement } from './rungs.js';

/** Candidates that have trained to their end before a correlation of theirs is told. */
const ENDED_COUNT_MIN = 3;

/**
 * Says how each rung of a search has dropped candidates.
 *
 * @param rungEpochCounts The epochs of each rung.
 * @param judgements All of the search.
 * @param tried All candidates of the search.
 */
export function rungReport(
  rungEpochCounts: readonly number[],
  judgements: readonly Judgement[],
  tried: readonly Tried[],
): Rung[] {
  const fitnesses = new Map(tried.map((each) => [placeOf(each), each.fitness]));
  return rungEpochCounts.map((epochCount, index) => {
    const judged = judgements.filter(({ rung }) => rung === index);
    const ended = judged.flatMap((each): [number, number][] => {
      const fitness = fitnesses.get(placeOf(each));
      return fitness === undefined ? [] : [[each.loss, fitness]];
    });
    const correlation = ended.length < ENDED_COUNT_MIN ? undefined : rankCorrelation(ended);
    return {
      epochCount,
      trialCount: judged.length,
      droppedCount: judged.filter(({ verdict }) => verdict === 'DROPPED').length,
      auditCount: judged.filter((each) => each.verdict === 'AUDITED' && fitnesses.get(placeOf(each)) !== undefined)
        .length,
      ...(correlation !== undefined && { rankCorrelation: correlation }),
    };
  });
}
