/** How the base learning rate changes from epoch to epoch. */
export type LearningRateSchedule =
  | { readonly type: 'CONSTANT' }
  /** Falls to 0 along half a cosine over so many epochs. */
  | { readonly type: 'COSINE'; readonly epochCount: number };

/**
 * The base learning rate of an epoch. A cosine stays at 0 once it is there; torch's CosineAnnealingLR would rise again
 * after T_max.
 *
 * @param epoch From 1; the first has the full rate.
 */
export function learningRateOf(baseLearningRate: number, epoch: number, schedule: LearningRateSchedule): number {
  if (schedule.type === 'CONSTANT') return baseLearningRate;
  const progress = Math.min(1, (epoch - 1) / schedule.epochCount);
  return (baseLearningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}

/**
 * The share of its epoch's learning rate that a step has: it climbs evenly over the first steps, and the last of them has
 * all of it.
 *
 * @param step The step of the stage, from 1.
 */
export const warmupFactor = (step: number, warmupStepCount: number): number =>
  Math.min(1, step / Math.max(1, warmupStepCount));
