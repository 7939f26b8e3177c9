import { writeFile } from 'node:fs/promises';
import { DomainError } from '../domain/errors.js';
import type { TrainingConfig } from '../domain/fine-tune-job.js';
import type { Runtime, ScoreResult, TrainResult } from '../domain/task.js';
import { writeSafetensors } from '../formats/safetensors.js';
import { networkByArchitecture } from '../networks/registry.js';
import { backendSettings } from '../training/backend.js';
import { evaluate } from '../training/evaluate.js';
import type { EpochMetrics } from '../training/epoch-metrics.js';
import { fineTune } from '../training/fine-tune.js';
import type { SharedParts } from '../training/prepare-training.js';
import type { FineTuneOptions } from '../training/fine-tune-options.js';
import type { OptimizerSettings } from '../training/update-rules.js';
import type { TrainerInputs } from './trainer-inputs.js';
import type { EpochReport, ScoreRequest, TrainRequest } from './trainer-messages.js';

const SCORE_BATCH_SIZE = 64;
const ALL = { fold: 0, foldCount: 1 };

/** Trains one candidate, and writes its best weights where the request says. */
export async function train(
  { spec, weightsPath, train: trainFile, validation: validationFile, outputPath }: TrainRequest,
  { inputs, shared }: { readonly inputs: TrainerInputs; readonly shared: SharedParts },
  onEpoch: (epoch: EpochReport) => void,
): Promise<TrainResult> {
  const { network, lrMultipliers, trainedPart, seed, fold, foldCount, augmentation } = spec;
  await inputs.load({ weightsPath, splits: [trainFile, validationFile], sizePx: network.imageSizePx });
  const varied = augmentation === 'NONE' ? undefined : { augmentation, seed };
  const startMs = performance.now();
  const result = await fineTune(
    {
      ...protocolOf(spec.training),
      network: networkByArchitecture(network.architecture),
      pretrained: inputs.weights(),
      classCount: network.classCount,
      normalization: network,
      train: inputs.images(trainFile, spec, varied),
      validation: inputs.images(validationFile, spec),
      lrMultipliers,
      trainedPart,
      seed,
      // Paths name bytes, so they stand for them.
      sourceKey: JSON.stringify([weightsPath, trainFile.path, validationFile.path, fold, foldCount]),
    },
    { onEpoch: (metrics) => onEpoch(finiteReport(metrics)), shared },
  );
  const trainSeconds = (performance.now() - startMs) / 1000;
  if (outputPath !== undefined) await writeFile(outputPath, writeSafetensors(result.weights));
  const { bestEpoch, epochs, best, trainedParameterCount, totalParameterCount } = result;
  const counts = { epochCount: epochs.length, trainedParameterCount, totalParameterCount };
  return { bestEpoch, ...best, ...counts, trainSeconds, runtime: runtime() };
}

type Protocol = Pick<
  FineTuneOptions,
  | 'epochCount'
  | 'patienceEpochs'
  | 'batchSize'
  | 'microBatchSize'
  | 'optimizer'
  | 'baseLearningRate'
  | 'schedule'
  | 'labelSmoothing'
  | 'classWeighting'
  | 'gradientNormMax'
  | 'frozenBatchNorm'
>;

function protocolOf(training: TrainingConfig): Protocol {
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

/** Scores a model on the test split. */
export async function score({ spec, weightsPath, test }: ScoreRequest, inputs: TrainerInputs): Promise<ScoreResult> {
  const { network } = spec;
  await inputs.load({ weightsPath, splits: [test], sizePx: network.imageSizePx });
  const { loss, confusionMatrix, ...figures } = await evaluate({
    network: networkByArchitecture(network.architecture),
    weights: inputs.weights(),
    classCount: network.classCount,
    normalization: network,
    images: inputs.images(test, ALL),
    batchSize: SCORE_BATCH_SIZE,
  });
  if (!Number.isFinite(loss)) throw new DomainError('NAN_LOSS', `the test loss is ${loss}`, { loss: String(loss) });
  const rows = confusionMatrix.map((counts) => ({ counts }));
  return { loss, ...figures, confusionMatrix: rows, imageCount: test.labels.length };
}

/** The training checks its own loss; the validation's may still overflow after the last step. */
function finiteReport({ seconds: _seconds, ...report }: EpochMetrics): EpochReport {
  for (const [name, value] of Object.entries(report)) {
    if (Number.isFinite(value)) continue;
    const { epoch } = report;
    throw new DomainError('NAN_LOSS', `${name} is ${value} after epoch ${epoch}`, { name, epoch: String(epoch) });
  }
  return report;
}

function runtime(): Runtime {
  const { intraOpThreads, interOpThreads, isUsingGpu: _isUsingGpu, ...settings } = backendSettings();
  return { ...settings, intraOpThreadCount: intraOpThreads, interOpThreadCount: interOpThreads };
}
