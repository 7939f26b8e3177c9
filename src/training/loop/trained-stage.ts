import type { Weights } from '../../networks/weights.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import type { StageRecord } from './stage-record.js';
import type { TrainingCheckpoint } from './training-checkpoint.js';

/** What a stage came to. */
export interface TrainedStage {
  readonly record: StageRecord;
  /** The epochs of this stage alone. */
  readonly epochs: readonly EpochMetrics[];
  /** The best of them, or the one that the stage began from. */
  readonly best: EpochMetrics;
  /** What learnt, and what changed with it, after the best epoch. */
  readonly bestWeights: Weights;
  readonly trainedParameterCount: number;
  /** Examples in memory at a time, as `FineTuneResult.microBatchSize`. */
  readonly microBatchSize: number;
  /** Where the stage stands; present when it has paused. */
  readonly checkpoint?: TrainingCheckpoint;
}
