import { readFile, writeFile } from 'node:fs/promises';
import type { ImageCounts } from '../../cost/training-cost.js';
import { normBlocksOf } from '../../domain/job/norm-tuning.js';
import { DomainError } from '../../domain/errors.js';
import { type Runtime, runtimeMismatch } from '../../domain/runtime.js';
import type { TrainResult, TrainSpec } from '../../domain/task.js';
import type { ValidationPredictions } from '../../domain/validation-predictions.js';
import type { DividedImages } from '../../datasets/splits/divide-images.js';
import { writeSafetensors } from '../../formats/safetensors.js';
import { networkByArchitecture } from '../../networks/registry.js';
import type { Weights } from '../../networks/weights.js';
import { backendSettings } from '../../training/device/backend.js';
import { evaluate } from '../../training/metrics/evaluate.js';
import type { EpochMetrics } from '../../training/metrics/epoch-metrics.js';
import { fineTune, type FineTuneResult } from '../../training/fine-tune.js';
import type { SharedParts } from '../../training/loop/prepare-training.js';
import type { FineTuneOptions } from '../../training/fine-tune-options.js';
import type { TrainingCheckpoint } from '../../training/loop/training-checkpoint.js';
import type { OpenFiles } from './open-files.js';
import type { EpochReport, ScoreAnswer, ScoreRequest, TrainAnswer, TrainRequest } from '../trainer-protocol.js';
import { CheckpointFiles, type CheckpointFilesOptions, writePieces } from './checkpoint-files.js';
import { checkpointPieces, readCheckpoint } from './checkpoint-format.js';
import { multiplyAccumulatesOf, stagesSince } from './training-meter.js';
import { engineOptions } from './engine-options.js';
import { trainingSides } from './training-sides.js';

const SCORE_BATCH_SIZE = 64;

/** What the trainings of one process share, and how far apart their checkpoints are. */
export interface TrainerParts {
  readonly files: OpenFiles;
  readonly shared: SharedParts;
  readonly checkpoints: Omit<CheckpointFilesOptions, 'identity'>;
}

/** What a training came to, what its weights take the validation images for, and whether it has only paused. */
export type Trained = Pick<TrainAnswer, 'result' | 'predictions' | 'hasPaused'>;

/**
 * Trains one candidate, writes its best weights, and its checkpoint if it pauses, where the request says, and tells what the
 * weights take the validation images for where the spec asks for that. Goes on where an earlier attempt on this machine has
 * left a checkpoint, and what that one reported is reported again; else from the checkpoint of the request.
 *
 * @throws {DomainError} RUNTIME_MISMATCH when TensorFlow runs here otherwise than the trainings of the job, which asks for equal bits.
 */
export async function train(
  request: TrainRequest,
  { files, shared, checkpoints }: TrainerParts,
  onEpoch: (epoch: EpochReport) => void,
): Promise<Trained> {
  const { spec, weightsPath, train: trainFile, validation: validationFile } = request;
  const runtime = checkedRuntime(spec);
  await files.load({ weightsPath, splits: [trainFile, validationFile], sizePx: spec.network.imageSizePx });
  const startMs = performance.now();
  const saved = new CheckpointFiles({ ...checkpoints, identity: identityOf(spec, runtime) });
  const begunFrom = await requestedCheckpoint(request);
  const resumeFrom = (await saved.load()) ?? begunFrom;
  const own = ownEpochs(resumeFrom?.epochs ?? [], begunFrom);
  for (const metrics of own) onEpoch(finiteReport(metrics));
  const sides = trainingSides(request, spec);
  const options = optionsOf(request, sides, files);
  const { pauseAfterEpochCount } = spec;
  const result = await fineTune(options, {
    shared,
    onEpoch: async (metrics, takeCheckpoint) => {
      onEpoch(finiteReport(metrics));
      await saved.saveIfDue(takeCheckpoint);
    },
    onTakenOver: (taken) => taken.forEach((metrics) => onEpoch(finiteReport(metrics))),
    ...(resumeFrom !== undefined && { resumeFrom }),
    ...(pauseAfterEpochCount !== undefined && { pauseAfterEpochCount }),
  });
  await writeOutputs(request, result);
  const isKept = spec.keepPredictions && result.checkpoint === undefined;
  const predictions = isKept ? await predictionsOf(result.weights, options, sides.validation) : undefined;
  await saved.remove();
  const secondsBefore = own.reduce((sum, { seconds }) => sum + seconds, 0);
  const trainSeconds = secondsBefore + (performance.now() - startMs) / 1000;
  const images = { train: options.train.labels.length, validation: sides.validation.length };
  return {
    result: { ...figuresOf(result, begunFrom, { spec, images }), trainSeconds, runtime },
    hasPaused: result.checkpoint !== undefined,
    ...(predictions !== undefined && { predictions }),
  };
}

/** The checkpoint that a request names. One of another build is none: what begins anew comes to the same bits. */
async function requestedCheckpoint({ resumePath }: TrainRequest): Promise<TrainingCheckpoint | undefined> {
  return resumePath === undefined ? undefined : readCheckpoint(await readFile(resumePath));
}

/** The epochs that were trained since a checkpoint. */
const ownEpochs = (epochs: readonly EpochMetrics[], begunFrom: TrainingCheckpoint | undefined) =>
  epochs.slice(begunFrom?.epochs.length ?? 0);

async function writeOutputs(
  { outputPath, checkpointPath }: TrainRequest,
  { weights, checkpoint }: FineTuneResult,
): Promise<void> {
  if (outputPath !== undefined) await writeFile(outputPath, writeSafetensors(weights));
  if (checkpointPath === undefined || checkpoint === undefined) return;
  await writePieces(checkpointPath, checkpointPieces(checkpoint));
}

/** The figures of a training; its costs are those since the checkpoint that it began from. */
function figuresOf(
  { bestEpoch, stageBestEpochs, epochs, best, stages, trainedParameterCount, totalParameterCount }: FineTuneResult,
  begunFrom: TrainingCheckpoint | undefined,
  { spec, images }: { readonly spec: TrainSpec; readonly images: ImageCounts },
): Omit<TrainResult, 'trainSeconds' | 'runtime'> {
  const { network, technique, pauseAfterEpochCount, division } = spec;
  const lastValidationLoss = epochs.at(-1)?.validationLoss;
  const hasLoss = pauseAfterEpochCount !== undefined && lastValidationLoss !== undefined;
  return {
    bestEpoch,
    stageBestEpochs,
    ...best,
    epochCount: ownEpochs(epochs, begunFrom).length,
    trainedParameterCount,
    totalParameterCount,
    multiplyAccumulates: multiplyAccumulatesOf(stagesSince(stages, begunFrom), { ...network, technique }, images),
    ...(hasLoss && { lastValidationLoss }),
    ...(division !== undefined && { validationImageCount: images.validation }),
  };
}

/**
 * What weights take the validation images for: one more pass over them, which is no part of the training or its cost.
 *
 * @returns undefined where nothing was validated.
 */
async function predictionsOf(
  weights: Weights,
  { network, classCount, normalization, validation }: FineTuneOptions,
  places: Int32Array,
): Promise<ValidationPredictions | undefined> {
  if (validation === undefined) return undefined;
  const { predictions } = await evaluate({
    network,
    weights,
    classCount,
    normalization,
    images: validation,
    batchSize: SCORE_BATCH_SIZE,
  });
  return { images: [...places], labels: [...validation.labels], predictions };
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
  sides: DividedImages,
  files: OpenFiles,
): FineTuneOptions {
  const { network, training, lrMultipliers, technique, objective, seed, headSeed, augmentation } = spec;
  const { fold, foldCount, division, retraining } = spec;
  const paths = [weightsPath, trainFile.path, validationFile.path];
  const varied = augmentation === 'NONE' ? undefined : { augmentation, seed };
  return {
    ...engineOptions(training),
    network: networkByArchitecture(network.architecture),
    pretrained: files.weights(),
    classCount: network.classCount,
    normalization: network,
    train: files.images([trainFile, validationFile], sides.train, varied),
    ...(retraining === undefined
      ? { validation: files.images([trainFile, validationFile], sides.validation) }
      : { stageEpochCounts: retraining.stageEpochCounts }),
    lrMultipliers,
    ...normBlocksOf(spec),
    technique,
    objective,
    seed,
    headSeed,
    // Paths name bytes, so they stand for them.
    sourceKey: JSON.stringify([...paths, fold, foldCount, division, retraining !== undefined]),
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
    images: files.images([test], Int32Array.from(test.labels.keys())),
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
    if (value === undefined || Number.isFinite(value)) continue;
    const { epoch } = report;
    throw new DomainError('NAN_LOSS', `${name} is ${value} after epoch ${epoch}`, { name, epoch: String(epoch) });
  }
  return report;
}
