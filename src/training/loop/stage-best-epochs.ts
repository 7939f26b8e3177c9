import type { Objective } from '../../domain/job/evaluation.js';
import type { Stage } from '../../methods/stage.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import type { StageRecord } from './stage-record.js';
import { bestOf } from './training-checkpoint.js';

/**
 * The epochs after which each stage stood where the next one began, or where the training ended.
 *
 * @param plan The stages of the training; the records are those of the first of them.
 * @param epochs Those of all records, one stage after the other.
 * @returns One per record, from 1 in the stage; 0 where the head of a start stage before it was no worse than any of its epochs.
 */
export function stageBestEpochsOf(
  plan: readonly Stage[],
  records: readonly StageRecord[],
  epochs: readonly EpochMetrics[],
  objective: Objective,
): number[] {
  const found: number[] = [];
  let before = 0;
  let headEpoch: EpochMetrics | undefined;
  for (const [index, { epochCount }] of records.entries()) {
    const own = epochs.slice(before, before + epochCount);
    const best = bestOf(headEpoch === undefined ? own : [headEpoch, ...own], objective);
    found.push(best === undefined ? 0 : own.indexOf(best) + 1);
    headEpoch = plan[index]?.isStart === true ? best : undefined;
    before += epochCount;
  }
  return found;
}
