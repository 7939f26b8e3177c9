import { figureOf, isValidated, type Objective } from '../../domain/job/evaluation.js';
import type { Weights } from '../../networks/weights.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import type { ModelSnapshot } from '../model/model-state.js';
import type { StageRecord } from './stage-record.js';

/**
 * Where a training stands after an epoch, in this process's memory: all that the next epochs depend on, since the order of
 * the examples and every other draw follow from seed and epoch. Going on from it gives the bits of a training that was not
 * stopped, with the same thread count.
 */
export interface TrainingCheckpoint extends ModelSnapshot {
  /** What the stages before the present one did. */
  readonly stages: readonly StageRecord[];
  /** The metrics of all epochs so far; early stopping follows from those of the present stage. */
  readonly epochs: readonly EpochMetrics[];
  /** What the network had after the stage's best epoch, in torch layout: what learns, and what changes with it. */
  readonly bestWeights: Weights;
  /** The size in use since memory ran out; the options' own when absent. */
  readonly microBatchSize?: number;
}

/** The first of the epochs that are best by the objective; the last one where nothing was validated. */
export function bestOf(epochs: readonly EpochMetrics[], objective: Objective): EpochMetrics | undefined {
  let best: EpochMetrics | undefined;
  for (const epoch of epochs) {
    if (best === undefined || replaces(epoch, best, objective)) best = epoch;
  }
  return best;
}

const replaces = (later: EpochMetrics, best: EpochMetrics, objective: Objective): boolean =>
  !isValidated(later) || !isValidated(best) || figureOf(later, objective) > figureOf(best, objective);
