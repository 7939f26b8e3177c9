import { DomainError } from '../domain/errors.js';
import type { HostTensor } from '../formats/safetensors.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { loadWeights, type Weights } from '../networks/weights.js';
import { balancedClassWeights } from './class-weights.js';
import type { EpochMetrics, ValidationMetrics } from './epoch-metrics.js';
import { score } from './evaluate.js';
import { checkFineTuneOptions, type FineTuneOptions } from './fine-tune-options.js';
import { learningRateOf } from './learning-rate.js';
import type { ClassificationMetrics } from './metrics.js';
import type { ModelState } from './model-state.js';
import { asOutOfMemory, smallerMicroBatch } from './out-of-memory.js';
import { ownParts, prepareTraining, type PreparedTraining, type SharedParts } from './prepare-training.js';
import { type EpochTraining, trainEpoch } from './train-epoch.js';
import type { StepSettings } from './train-step.js';
import { bestOf, type TrainingCheckpoint } from './training-checkpoint.js';

/** torch's default, Keras's 0.9. EfficientNet's own 0.01 lags: 60 steps would move the statistics 45 % of the way. */
const BATCH_NORM_MOMENTUM = 0.1;

/** What a training came to. */
export interface FineTuneResult {
  /** From 1. */
  readonly bestEpoch: number;
  readonly epochs: readonly EpochMetrics[];
  readonly best: ValidationMetrics;
  readonly trainedParameterCount: number;
  /** Trainable parameters, frozen or not; running statistics are not counted. */
  readonly totalParameterCount: number;
  /** Examples in memory at a time: fewer than a batch when that was asked for, or when memory ran out. */
  readonly microBatchSize: number;
  /** The best epoch's whole state, in torch layout and state dict order. */
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/** How a training is watched, and what it takes over from others. */
export interface FineTuneHooks {
  /**
   * Called after each epoch; the next one starts when it is done.
   *
   * @param checkpoint Copies where the training stands, at the cost of reading all that learns from the device.
   */
  readonly onEpoch: (metrics: EpochMetrics, checkpoint: () => TrainingCheckpoint) => Promise<void> | void;
  /** Stay the caller's; a training without has its own. */
  readonly shared?: SharedParts;
  /** Of a training with the same options. */
  readonly resumeFrom?: TrainingCheckpoint;
}

/**
 * Trains one candidate by the paper's protocol (arXiv 2508.15367) or what the options make of it: a learning rate per
 * block that follows a schedule, early stopping on the validation macro-accuracy; the best epoch counts. No dropout.
 *
 * The same options give the same bits, on the same machine, thread count and oneDNN flag. When memory runs out it starts
 * again with half as many examples at a time.
 *
 * @throws DomainError NAN_LOSS with epoch, step and block; OUT_OF_MEMORY when nothing smaller is left to try;
 *   and what `checkFineTuneOptions` and `loadWeights` throw.
 */
export async function fineTune(options: FineTuneOptions, hooks: FineTuneHooks): Promise<FineTuneResult> {
  checkFineTuneOptions(options);
  const start = loadWeights(options.network, options.pretrained, options.classCount, options.seed);
  const { dispose, ...shared } =
    hooks.shared === undefined ? ownParts() : { ...hooks.shared, dispose: () => undefined };
  let microBatchSize = hooks.resumeFrom?.microBatchSize ?? options.microBatchSize ?? options.batchSize;
  let epochCount = 0;
  const onEpoch: FineTuneHooks['onEpoch'] = (...args) => {
    epochCount += 1;
    return hooks.onEpoch(...args);
  };
  try {
    for (;;) {
      try {
        return await trainOnce({ ...options, microBatchSize }, start, shared, { ...hooks, onEpoch });
      } catch (error) {
        // Later it would be another process that took the memory, and epochs that are reported cannot be taken back.
        if (epochCount > 0) throw asOutOfMemory(error, microBatchSize);
        microBatchSize = smallerMicroBatch(error, microBatchSize);
      }
    }
  } finally {
    dispose();
  }
}

/** Options that say how many examples are in memory at a time. */
type SizedOptions = FineTuneOptions & { readonly microBatchSize: number };

async function trainOnce(
  options: SizedOptions,
  start: Weights,
  shared: SharedParts,
  hooks: FineTuneHooks,
): Promise<FineTuneResult> {
  const { network, classCount, microBatchSize } = options;
  const training = await prepareTraining(options, start, shared);
  try {
    const { epochs, bestWeights } = await trainEpochs(training, options, hooks);
    const best = bestOf(epochs);
    if (best === undefined) throw new Error('no epoch was trained');
    const counted = parameterSpecs(network, classCount).filter(({ isBuffer }) => !isBuffer);
    return {
      bestEpoch: best.epoch,
      epochs,
      best: validationOf(best),
      trainedParameterCount: training.state.trainedParameterCount,
      totalParameterCount: counted.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      microBatchSize,
      weights: new Map([...start, ...bestWeights]),
    };
  } finally {
    training.dispose();
  }
}

/** Trains until the last epoch, or until too many in a row were no better than the best. */
async function trainEpochs(
  training: PreparedTraining,
  options: SizedOptions,
  { onEpoch, resumeFrom }: FineTuneHooks,
): Promise<{ readonly epochs: readonly EpochMetrics[]; readonly bestWeights: Weights }> {
  const { state } = training;
  const { microBatchSize } = options;
  const epochs = [...(resumeFrom?.epochs ?? [])];
  let bestWeights = resumeFrom?.bestWeights ?? new Map<string, HostTensor>();
  if (resumeFrom !== undefined) state.restore(resumeFrom.weights, resumeFrom.optimizer);
  let optimizerShare: number | undefined;
  while (epochs.length < options.epochCount && !isExhausted(epochs, options.patienceEpochs)) {
    const { metrics, ...found } = await oneEpoch(training, options, epochs.length + 1, optimizerShare);
    ({ optimizerShare } = found);
    epochs.push(metrics);
    if (bestOf(epochs) === metrics) bestWeights = state.toHost();
    await onEpoch(metrics, () => ({
      epochs: [...epochs],
      weights: state.toHost(),
      bestWeights,
      optimizer: state.optimizer.snapshot(),
      microBatchSize,
    }));
  }
  return { epochs, bestWeights };
}

function isExhausted(epochs: readonly EpochMetrics[], patienceEpochs: number): boolean {
  return epochs.length - (bestOf(epochs)?.epoch ?? 0) >= patienceEpochs && epochs.length > 0;
}

async function oneEpoch(
  { state, inference, train, validation, functions }: PreparedTraining,
  options: SizedOptions,
  epoch: number,
  knownShare: number | undefined,
) {
  const { seed, batchSize, classCount, baseLearningRate, schedule } = options;
  const startMs = performance.now();
  const learningRate = learningRateOf(baseLearningRate, epoch, schedule);
  const { optimizerShare, ...trained }: EpochTraining & { optimizerShare?: number } = await trainEpoch(state, train, {
    epoch,
    seed,
    batchSize,
    settings: stepSettings(options, train.labels, learningRate),
    ...(knownShare !== undefined && { optimizerShare: knownShare }),
  });
  state.loadInto(inference);
  const scores = await score(inference, validation, { classCount, batchSize: options.microBatchSize, functions });
  inference.unload();
  if (!Number.isFinite(scores.loss)) throw notFinite(state, scores.loss, epoch);
  const seconds = (performance.now() - startMs) / 1000;
  return { metrics: { epoch, ...trained, ...validationMetrics(scores), learningRate, seconds }, optimizerShare };
}

function notFinite(state: ModelState, loss: number, epoch: number): DomainError {
  const block = state.firstNotFinite();
  const where = block === undefined ? 'an activation overflowed' : `weights of block ${block} are not finite`;
  return new DomainError('NAN_LOSS', `the validation loss is ${loss} after epoch ${epoch}: ${where}`, {
    loss: String(loss),
    epoch: String(epoch),
    ...(block !== undefined && { block }),
  });
}

function stepSettings(options: SizedOptions, trainLabels: Int32Array, learningRate: number): StepSettings {
  const { labelSmoothing, classWeighting, gradientNormMax, microBatchSize, classCount } = options;
  return {
    learningRate,
    batchNormMomentum: BATCH_NORM_MOMENTUM,
    labelSmoothing,
    microBatchSize,
    ...(classWeighting === 'BALANCED' && { classWeights: balancedClassWeights(trainLabels, classCount) }),
    ...(gradientNormMax !== undefined && { gradientNormMax }),
  };
}

function validationMetrics(metrics: ClassificationMetrics): ValidationMetrics {
  return {
    validationLoss: metrics.loss,
    validationAccuracy: metrics.accuracy,
    validationMacroAccuracy: metrics.macroAccuracy,
    validationMacroF1: metrics.macroF1,
    validationCalibrationError: metrics.calibrationError,
  };
}

/** The part of an epoch's metrics that says how good its state is. */
function validationOf(epoch: EpochMetrics): ValidationMetrics {
  const { validationLoss, validationAccuracy, validationMacroAccuracy } = epoch;
  const { validationMacroF1, validationCalibrationError } = epoch;
  return {
    validationLoss,
    validationAccuracy,
    validationMacroAccuracy,
    validationMacroF1,
    validationCalibrationError,
  };
}
