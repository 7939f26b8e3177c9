import type { TrainingProtocol } from '../../domain/job/training-protocol.js';
import type { FineTuneOptions } from '../../training/fine-tune-options.js';
import type { OptimizerSettings } from '../../training/ops/update-rules.js';

type EngineOptions = Pick<
  FineTuneOptions,
  | 'epochCount'
  | 'patienceEpochs'
  | 'batchSize'
  | 'microBatchSize'
  | 'optimizer'
  | 'baseLearningRate'
  | 'schedule'
  | 'warmupStepCount'
  | 'headInit'
  | 'labelSmoothing'
  | 'classWeighting'
  | 'gradientNormMax'
  | 'frozenBatchNorm'
>;

/** The engine's options for what a job says of its trainings. */
export function engineOptions(training: TrainingProtocol): EngineOptions {
  const { optimizer, weightDecay, momentum, lrSchedule, cosineEpochCount, microBatchSize, gradientNormMax, ...rest } =
    training;
  const settings: OptimizerSettings =
    optimizer === 'SGD' ? { type: optimizer, weightDecay, momentum } : { type: optimizer, weightDecay };
  return {
    ...rest,
    optimizer: settings,
    schedule: lrSchedule === 'COSINE' ? { type: lrSchedule, epochCount: cosineEpochCount } : { type: lrSchedule },
    ...(microBatchSize !== undefined && { microBatchSize }),
    ...(gradientNormMax !== undefined && { gradientNormMax }),
  };
}
