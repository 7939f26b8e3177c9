import { readFile, rm } from 'node:fs/promises';
import type { Split } from '../../domain/dataset/dataset.js';
import type { Artifact } from '../../domain/artifact.js';
import type { ScoreResult, ScoreSpec, TrainResult, TrainSpec } from '../../domain/task.js';
import type { MetricValue } from '../../wire/biotune/v1/worker.js';
import { MetricReporter } from './metric-reporter.js';
import type { AttemptContext } from './attempt-context.js';
import type { EpochReport, SplitFile, TrainAnswer, TrainRequest } from '../trainer-protocol.js';

/**
 * Trains one candidate in the trainer process; its curve is reported while it runs, and complete when this returns. What the
 * spec asks to keep is uploaded.
 */
export async function runTraining(spec: TrainSpec, context: AttemptContext): Promise<TrainResult> {
  const { cache, lease, transfers } = context;
  const weightsPath = await transfers.download(spec.network.weights);
  const resumePath = spec.resumeFrom && (await transfers.download(spec.resumeFrom));
  const train = await splitFile('train', spec, context);
  const validation = await splitFile('validation', spec, context);
  const outputPath = spec.keepWeights ? cache.temporaryPath(`weights-${lease.task}`) : undefined;
  const mayPause = spec.pauseAfterEpochCount !== undefined;
  const checkpointPath = mayPause ? cache.temporaryPath(`paused-${lease.task}`) : undefined;
  const paths = { weightsPath, resumePath, outputPath, checkpointPath };
  try {
    const answer = await trainAndReport({ type: 'train', spec, train, validation, ...paths }, context);
    return {
      ...(await withPredictions(answer, context)),
      ...(outputPath !== undefined && { weights: await uploadFile(outputPath, context) }),
      ...(answer.hasPaused &&
        checkpointPath !== undefined && { checkpoint: await transfers.uploadFile(checkpointPath) }),
    };
  } finally {
    for (const path of [outputPath, checkpointPath]) if (path !== undefined) await rm(path, { force: true });
  }
}

/** Uploads the predictions that a training came with. @returns its result, which names them. */
async function withPredictions(
  { result, predictions }: TrainAnswer,
  { transfers }: AttemptContext,
): Promise<TrainResult> {
  if (predictions === undefined) return result;
  return { ...result, predictions: await transfers.upload(Buffer.from(JSON.stringify(predictions))) };
}

/** Scores a model on the test split in the trainer process; what grows with images and classes is uploaded. */
export async function runScoring(spec: ScoreSpec, context: AttemptContext): Promise<ScoreResult> {
  const { transfers, trainer, signal } = context;
  const weightsPath = await transfers.download(spec.network.weights);
  const test = await splitFile('test', spec, context);
  const answer = await trainer.run({ type: 'score', spec, weightsPath, test }, { signal, onEpoch: () => undefined });
  if (answer.type !== 'scored') throw new Error(`expected a score, the trainer answered ${answer.type}`);
  return { ...answer.figures, report: await transfers.upload(Buffer.from(JSON.stringify(answer.report))) };
}

/** A split of a task's images as decoded pixels. */
export function splitFile(
  split: Split,
  { pack, network }: Pick<TrainSpec, 'pack' | 'network'>,
  { splitFiles, transfers, signal, logger }: AttemptContext,
): Promise<SplitFile> {
  return splitFiles.prepare({ pack, split, sizePx: network.imageSizePx, transfers, signal, logger });
}

/** Runs the training; stops it when its curve cannot be delivered, as after a lost lease. */
async function trainAndReport(request: TrainRequest, context: AttemptContext): Promise<TrainAnswer> {
  const { control, lease, trainer, signal } = context;
  const undelivered = new AbortController();
  const reporter = new MetricReporter({
    send: (values) => control.reportMetrics(lease, values, signal),
    onFailure: (error) => undelivered.abort(error),
  });
  const answer = await trainer.run(request, {
    signal: AbortSignal.any([signal, undelivered.signal]),
    onEpoch: (epoch) => reporter.report(metricValues(epoch)),
  });
  await reporter.flush();
  undelivered.signal.throwIfAborted();
  if (answer.type !== 'trained') throw new Error(`expected a training, the trainer answered ${answer.type}`);
  return answer;
}

function metricValues({ epoch, ...report }: EpochReport): MetricValue[] {
  const values = {
    train_loss: report.trainLoss,
    validation_loss: report.validationLoss,
    validation_accuracy: report.validationAccuracy,
    validation_macro_accuracy: report.validationMacroAccuracy,
    validation_macro_f1: report.validationMacroF1,
    validation_calibration_error: report.validationCalibrationError,
    learning_rate: report.learningRate,
    images_per_second: report.imagesPerSecond,
    data_seconds: report.dataSeconds,
    forward_backward_seconds: report.forwardBackwardSeconds,
    optimizer_seconds: report.optimizerSeconds,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, epoch, value }]));
}

/** Uploads a file whole. */
export async function uploadFile(path: string, { transfers }: AttemptContext): Promise<Artifact> {
  return transfers.upload(await readFile(path));
}
