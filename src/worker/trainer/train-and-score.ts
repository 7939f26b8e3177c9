import { writeFile } from 'node:fs/promises';
import { DomainError } from '../../domain/errors.js';
import { type Runtime, runtimeMismatch } from '../../domain/runtime.js';
import type { TrainResult, TrainSpec } from '../../domain/task.js';
import { writeSafetensors } from '../../formats/safetensors.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { backendSettings } from '../../training/device/backend.js';
import { evaluate } from '../../training/metrics/evaluate.js';
import type { EpochMetrics } from '../../training/metrics/epoch-metrics.js';
import { fineTune } from '../../training/fine-tune.js';
import type { SharedParts } from '../../training/loop/prepare-training.js';
import type { FineTuneOptions } from '../../training/fine-tune-options.js';
import type { OpenFiles } from './open-files.js';
import type { EpochReport, ScoreAnswer, ScoreRequest, TrainRequest } from '../trainer-protocol.js';
import { CheckpointFiles, type CheckpointFilesOptions } from './checkpoint-files.js';
import { multiplyAccumulatesOf } from './training-meter.js';
import { engineOptions } from './engine-options.js';

const SCORE_BATCH_SIZE = 64;
const ALL = { fold: 0, foldCount: 1 };

/** What the trainings of one process share, and how far apart their checkpoints are. */
export interface TrainerParts {
  readonly files: OpenFiles;
  readonly shared: SharedParts;
  readonly checkpoints: Omit<CheckpointFilesOptions, 'identity'>;
}

/**
 * Trains one candidate, and writes its best weights where the request says. Goes on where an earlier attempt on this machine
 * has left a checkpoint; what that one reported is reported again.
 *
 * @throws {DomainError} RUNTIME_MISMATCH when TensorFlow runs here otherwise than the trainings of the job, which asks for equal bits.
 */
export async function train(
  request: TrainRequest,
  { files, shared, checkpoints }: TrainerParts,
  onEpoch: (epoch: EpochReport) => void,
): Promise<TrainResult> {
  const { spec, weightsPath, train: trainFile, validation: validationFile, outputPath } = request;
  const runtime = checkedRuntime(spec);
  await files.load({ weightsPath, splits: [trainFile, validationFile], sizePx: spec.network.imageSizePx });
  const startMs = performance.now();
  const saved = new CheckpointFiles({ ...checkpoints, identity: identityOf(spec, runtime) });
  const resumeFrom = await saved.load();
  for (const metrics of resumeFrom?.epochs ?? []) onEpoch(finiteReport(metrics));
  const options = optionsOf(request, files);
  const result = await fineTune(options, {
    shared,
    onEpoch: async (metrics, takeCheckpoint) => {
      onEpoch(finiteReport(metrics));
      await saved.saveIfDue(takeCheckpoint);
    },
    ...(resumeFrom !== undefined && { resumeFrom }),
  });
  if (outputPath !== undefined) await writeFile(outputPath, writeSafetensors(result.weights));
  await saved.remove();
  const { bestEpoch, epochs, best, stages, trainedParameterCount, totalParameterCount } = result;
  const counts = { epochCount: epochs.length, trainedParameterCount, totalParameterCount };
  const secondsBefore = (resumeFrom?.epochs ?? []).reduce((sum, { seconds }) => sum + seconds, 0);
  const trainSeconds = secondsBefore + (performance.now() - startMs) / 1000;
  const imageCounts = { train: options.train.labels.length, validation: options.validation.labels.length };
  const { network, technique } = spec;
  const multiplyAccumulates = multiplyAccumulatesOf(stages, { ...network, technique }, imageCounts);
  return { bestEpoch, ...best, ...counts, trainSeconds, multiplyAccumulates, runtime };
}

/** @throws {DomainError} RUNTIME_MISMATCH when TensorFlow runs here otherwise than the job's trainings. */
export function checkedRuntime({ runtime: ofJob }: Pick<TrainSpec, 'runtime'>): Runtime {
  const runtime = backendSettings();
  const mismatch = ofJob === undefined ? undefined : runtimeMismatch(runtime, ofJob);
  if (mismatch !== undefined) throw mismatch;
  return runtime;
}

/** All that a training's bits follow from; the job's runtime, which the spec may carry or not, is this one. */
function identityOf({ runtime: _ofJob, ...spec }: TrainSpec, runtime: Runtime): string {
  return JSON.stringify([spec, runtime]);
}

function optionsOf(
  { spec, weightsPath, train: trainFile, validation: validationFile }: TrainRequest,
  files: OpenFiles,
): FineTuneOptions {
  const { network, training, lrMultipliers, technique, objective, seed, headSeed, fold, foldCount, augmentation } =
    spec;
  const varied = augmentation === 'NONE' ? undefined : { augmentation, seed };
  return {
    ...engineOptions(training),
    network: networkByArchitecture(network.architecture),
    pretrained: files.weights(),
    classCount: network.classCount,
    normalization: network,
    train: files.images(trainFile, spec, varied),
    validation: files.images(validationFile, spec),
    lrMultipliers,
    technique,
    objective,
    seed,
    headSeed,
    // Paths name bytes, so they stand for them.
    sourceKey: JSON.stringify([weightsPath, trainFile.path, validationFile.path, fold, foldCount]),
  };
}

/** Scores a model on the test split. @throws {DomainError} RUNTIME_MISMATCH, as `train`. */
export async function score(
  { spec, weightsPath, test }: ScoreRequest,
  files: OpenFiles,
): Promise<Pick<ScoreAnswer, 'figures' | 'report'>> {
  const { network } = spec;
  checkedRuntime(spec);
  await files.load({ weightsPath, splits: [test], sizePx: network.imageSizePx });
  const {
    loss,
    confusionMatrix: _counts,
    predictions,
    recalls,
    ...figures
  } = await evaluate({
    network: networkByArchitecture(network.architecture),
    weights: files.weights(),
    classCount: network.classCount,
    normalization: network,
    images: files.images(test, ALL),
    batchSize: SCORE_BATCH_SIZE,
  });
  if (!Number.isFinite(loss)) throw new DomainError('NAN_LOSS', `the test loss is ${loss}`, { loss: String(loss) });
  return {
    figures: { loss, ...figures, imageCount: test.labels.length },
    report: { recalls, labels: [...test.labels], predictions },
  };
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
