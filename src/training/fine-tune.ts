import { DomainError } from '../domain/errors.js';
import type { HostTensor } from '../formats/safetensors.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { loadWeights } from '../networks/weights.js';
import { tf } from './backend.js';
import { batchesOf, shuffledIndices } from './batch-order.js';
import { score } from './evaluate.js';
import { yieldToEventLoop } from './event-loop.js';
import { checkFineTuneOptions, type FineTuneOptions } from './fine-tune-options.js';
import type { ExampleSource } from './image-batches.js';
import type { ClassificationMetrics } from './metrics.js';
import type { ModelState } from './model-state.js';
import { prepareTraining, type PreparedTraining } from './prepare-training.js';
import { trainStep } from './train-step.js';

/** torch's default, Keras's 0.9. EfficientNet's own 0.01 lags: 60 steps would move the statistics 45 % of the way. */
const BATCH_NORM_MOMENTUM = 0.1;

/** What the validation of one epoch came to; as in `ClassificationMetrics`. */
export interface ValidationMetrics {
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly validationMacroAccuracy: number;
  readonly validationMacroF1: number;
  readonly validationCalibrationError: number;
}

/** What one epoch came to. */
export interface EpochMetrics extends ValidationMetrics {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's examples, each in the state before its step. */
  readonly trainLoss: number;
  /** The base learning rate in this epoch, before multipliers. */
  readonly learningRate: number;
  /** Training and validation together. */
  readonly seconds: number;
  /** Of the training part alone. */
  readonly imagesPerSecond: number;
}

/** What a training came to. */
export interface FineTuneResult {
  /** From 1. */
  readonly bestEpoch: number;
  readonly epochs: readonly EpochMetrics[];
  readonly best: ValidationMetrics;
  readonly trainedParameterCount: number;
  /** Trainable parameters, frozen or not; running statistics are not counted. */
  readonly totalParameterCount: number;
  /** The best epoch's whole state, in torch layout and state dict order. */
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/**
 * Trains one candidate by the paper's protocol (arXiv 2508.15367): Adam, cosine annealing per epoch, early stopping on
 * the validation macro-accuracy; the best epoch counts. Neither augmentation nor dropout.
 *
 * The same options give the same bits, on the same machine, thread count and oneDNN flag.
 *
 * @param onEpoch Called after each epoch, before the next one starts.
 * @throws DomainError NAN_LOSS with epoch and step; OUT_OF_MEMORY; NO_BLOCK_SELECTED when all multipliers are 0;
 *   WEIGHTS_INVALID, INPUT_TOO_SMALL or FIELD_INVALID when the parts do not fit together.
 */
export async function fineTune(
  options: FineTuneOptions,
  onEpoch: (metrics: EpochMetrics) => void,
): Promise<FineTuneResult> {
  checkFineTuneOptions(options);
  const { network, pretrained, classCount, seed } = options;
  const start = loadWeights(network, pretrained, classCount, seed);
  try {
    const training = await prepareTraining(options, start);
    try {
      const outcome = await trainEpochs(training, options, onEpoch);
      const counted = parameterSpecs(network, classCount).filter(({ isBuffer }) => !isBuffer);
      return {
        ...outcome,
        trainedParameterCount: training.state.trainedParameterCount,
        totalParameterCount: counted.reduce((sum, { shape }) => sum + elementCount(shape), 0),
        weights: new Map([...start, ...outcome.weights]),
      };
    } finally {
      training.dispose();
    }
  } catch (error) {
    throw asOutOfMemory(error) ?? error;
  }
}

/**
 * The base learning rate of an epoch: half a cosine from `baseLearningRate` down to 0, where it stays. (torch's
 * CosineAnnealingLR would rise again after T_max.)
 *
 * @param epoch From 1; the first has the full rate.
 */
export function cosineLearningRate(baseLearningRate: number, epoch: number, cosineEpochCount: number): number {
  const progress = Math.min(1, (epoch - 1) / cosineEpochCount);
  return (baseLearningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}

async function trainEpochs(
  { state, train, validation }: PreparedTraining,
  options: FineTuneOptions,
  onEpoch: (metrics: EpochMetrics) => void,
): Promise<Pick<FineTuneResult, 'bestEpoch' | 'epochs' | 'best' | 'weights'>> {
  const epochs: EpochMetrics[] = [];
  let best: { readonly epoch: number; readonly scores: ValidationMetrics } | undefined;
  let weights: ReadonlyMap<string, HostTensor> = new Map();
  for (let epoch = 1; epoch <= options.epochCount; epoch++) {
    const startMs = performance.now();
    const learningRate = cosineLearningRate(options.baseLearningRate, epoch, options.cosineEpochCount);
    const trainLoss = await trainEpoch(state, train, epoch, learningRate, options);
    const trainedMs = performance.now();
    const scores = validationMetrics(await score(state, validation, options.classCount, options.batchSize));
    const metrics: EpochMetrics = {
      epoch,
      trainLoss,
      ...scores,
      learningRate,
      seconds: (performance.now() - startMs) / 1000,
      imagesPerSecond: (train.labels.length * 1000) / (trainedMs - startMs),
    };
    epochs.push(metrics);
    if (best === undefined || scores.validationMacroAccuracy > best.scores.validationMacroAccuracy) {
      best = { epoch, scores };
      weights = state.toHost();
    }
    onEpoch(metrics);
    if (epoch - best.epoch >= options.patienceEpochs) break;
  }
  if (best === undefined) throw new Error('no epoch was trained');
  return { bestEpoch: best.epoch, epochs, best: best.scores, weights };
}

/** @returns the mean loss over the epoch's examples. */
async function trainEpoch(
  state: ModelState,
  train: ExampleSource,
  epoch: number,
  learningRate: number,
  { seed, batchSize }: FineTuneOptions,
): Promise<number> {
  const order = shuffledIndices(train.labels.length, seed, epoch);
  const batches = batchesOf(order, batchSize);
  let step = 0;
  let lossSum = 0;
  for await (const input of train.read(batches, epoch)) {
    const indices = batches[step++] ?? new Int32Array();
    const labels = tf.tensor1d(
      indices.map((example) => train.labels[example] ?? 0),
      'int32',
    );
    try {
      const loss = trainStep(state, input, labels, { learningRate, momentum: BATCH_NORM_MOMENTUM });
      if (!Number.isFinite(loss)) throw nanLoss(loss, epoch, step, learningRate);
      lossSum += loss * indices.length;
    } finally {
      tf.dispose([input, labels]);
    }
    await yieldToEventLoop();
  }
  return lossSum / order.length;
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

function nanLoss(loss: number, epoch: number, step: number, learningRate: number): DomainError {
  return new DomainError('NAN_LOSS', `the loss is ${loss} in epoch ${epoch}, step ${step}, at rate ${learningRate}`, {
    loss: String(loss),
    epoch: String(epoch),
    step: String(step),
    learningRate: String(learningRate),
  });
}

/** TensorFlow says so in the message alone. */
function asOutOfMemory(error: unknown): DomainError | undefined {
  const message = error instanceof Error ? error.message : '';
  if (!/\bOOM\b|out of memory|resource exhausted/i.test(message)) return undefined;
  return new DomainError(
    'OUT_OF_MEMORY',
    `training ran out of memory: ${message}`,
    { cause: message },
    { cause: error },
  );
}
