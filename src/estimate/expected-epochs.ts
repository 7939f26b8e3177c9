/**
 * The share of the candidates at a rung that goes on: the better half, one in ten of the others, and who is close to the cut.
 * Nobody knows before how many these are; moves of good candidates mostly are.
 */
const PROMOTED_FRACTION = 0.75;

/**
 * The epochs that a candidate of a search has on the mean, where some are given up on the way.
 *
 * @param epochCount Epochs of a training that runs to its end.
 * @param rungs Epochs after which candidates are compared, ascending, each below `epochCount`; none where all run to their end.
 */
export function expectedEpochCount(epochCount: number, rungs: readonly number[]): number {
  const ends = [...rungs, epochCount];
  return ends.reduce((sum, end, rung) => sum + PROMOTED_FRACTION ** rung * (end - (ends[rung - 1] ?? 0)), 0);
}
