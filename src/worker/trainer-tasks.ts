import { writeFile } from 'node:fs/promises';
import { DomainError } from '../domain/errors.js';
import { runtimeMismatch } from '../domain/runtime.js';
import type { ScoreResult, TrainResult } from '../domain/task.js';
import { writeSafetensors } from '../formats/safetensors.js';
import { networkByArchitecture } from '../networks/registry.js';
import { backendSettings } from '../training/backend.js';
import { evaluate } from '../training/evaluate.js';
import { type EpochMetrics, fineTune } from '../training/fine-tune.js';
import type { TrainerInputs } from './trainer-inputs.js';
import type { EpochReport, ScoreRequest, TrainRequest } from './trainer-messages.js';

const SCORE_BATCH_SIZE = 64;
const ALL = { fold: 0, foldCount: 1 };

/**
 * Trains one candidate, and writes its best weights where the request says.
 *
 * @throws DomainError RUNTIME_MISMATCH when TensorFlow is set up otherwise than the job's trainings so far.
 */
export async function train(
  { spec, weightsPath, train: trainFile, validation: validationFile, outputPath }: TrainRequest,
  inputs: TrainerInputs,
  onEpoch: (epoch: EpochReport) => void,
): Promise<TrainResult> {
  const { network, training, lrMultipliers, trainedPart, seed } = spec;
  const { execution, ...runtime } = backendSettings();
  const mismatch = spec.runtime === undefined ? undefined : runtimeMismatch(runtime, spec.runtime);
  if (mismatch !== undefined) throw mismatch;
  await inputs.load([weightsPath, trainFile.path, validationFile.path]);
  const startMs = performance.now();
  const result = await fineTune(
    {
      ...training,
      network: networkByArchitecture(network.architecture),
      pretrained: inputs.weights(weightsPath),
      classCount: network.classCount,
      normalization: network,
      train: inputs.images(trainFile, network.imageSizePx, spec),
      validation: inputs.images(validationFile, network.imageSizePx, spec),
      lrMultipliers,
      trainedPart,
      seed,
    },
    (metrics) => onEpoch(finiteReport(metrics)),
  );
  const trainSeconds = (performance.now() - startMs) / 1000;
  if (outputPath !== undefined) await writeFile(outputPath, writeSafetensors(result.weights));
  const { bestEpoch, epochs, best, trainedParameterCount, totalParameterCount } = result;
  const counts = { epochCount: epochs.length, trainedParameterCount, totalParameterCount };
  return { bestEpoch, ...best, ...counts, trainSeconds, runtime, execution };
}

/** Scores a model on the test split. */
export async function score({ spec, weightsPath, test }: ScoreRequest, inputs: TrainerInputs): Promise<ScoreResult> {
  const { network } = spec;
  await inputs.load([weightsPath, test.path]);
  const { loss, accuracy, macroAccuracy, confusionMatrix } = await evaluate({
    network: networkByArchitecture(network.architecture),
    weights: inputs.weights(weightsPath),
    classCount: network.classCount,
    normalization: network,
    images: inputs.images(test, network.imageSizePx, ALL),
    batchSize: SCORE_BATCH_SIZE,
  });
  if (!Number.isFinite(loss)) throw new DomainError('NAN_LOSS', `the test loss is ${loss}`, { loss: String(loss) });
  const rows = confusionMatrix.map((counts) => ({ counts }));
  return { loss, accuracy, macroAccuracy, confusionMatrix: rows, imageCount: test.labels.length };
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
