import { DomainError } from '../../domain/errors.js';
import type { Objective } from '../../domain/job/evaluation.js';
import { firstBatchesExampleCount } from '../../methods/batch-sizes.js';
import type { Stage } from '../../methods/stage.js';
import type { Weights } from '../../networks/weights.js';
import { balancedClassWeights } from '../examples/class-weights.js';
import { type EpochMetrics, validationMetrics, type ValidationMetrics } from '../metrics/epoch-metrics.js';
import { score } from '../metrics/evaluate.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { learningRateOf, type LearningRateSchedule } from './learning-rate.js';
import { asOutOfMemory, smallerMicroBatch } from './out-of-memory.js';
import { type PreparedTraining, prepareTraining, type SharedParts } from './prepare-training.js';
import { relativeGradients } from './relative-gradients.js';
import { type EpochOptions, type EpochTraining, trainEpoch } from './train-epoch.js';
import type { StepSettings } from './train-step.js';
import { bestOf, type TrainingCheckpoint } from './training-checkpoint.js';
import type { StageRecord } from './stage-record.js';
import type { TrainedStage } from './trained-stage.js';

/** torch's default, Keras's 0.9. EfficientNet's own 0.01 lags: 60 steps would move the statistics 45 % of the way. */
const BATCH_NORM_MOMENTUM = 0.1;

/** How a stage takes its place in a training. */
export interface StageContext {
  readonly shared: SharedParts;
  /** What the stages before this one did. */
  readonly stagesBefore: readonly StageRecord[];
  /** Their epochs, which those of this stage are numbered after. */
  readonly epochsBefore: readonly EpochMetrics[];
  /** Called after each epoch, as `FineTuneHooks.onEpoch`. */
  readonly onEpoch: (metrics: EpochMetrics, checkpoint: () => TrainingCheckpoint) => Promise<void> | void;
  /** The epoch that this stage's own must be better than, which `start` is from; none when absent. */
  readonly startEpoch?: EpochMetrics;
  /** The checkpoint that this stage goes on from. */
  readonly resumeFrom?: TrainingCheckpoint;
  /** The epochs of this stage after which it pauses, if it has not ended; it goes on to its end when absent. */
  readonly pauseAfterEpochCount?: number;
}

/** Options that say how many examples are in memory at a time. */
export type SizedOptions = FineTuneOptions & { readonly microBatchSize: number };

/**
 * Trains one stage. When memory runs out before its first epoch is reported, it starts again with half as many examples at
 * a time.
 *
 * @param start The whole state that the stage begins with.
 * @throws {DomainError} as `fineTune`.
 */
export async function trainStage(
  options: SizedOptions,
  stage: Stage,
  start: Weights,
  context: StageContext,
): Promise<TrainedStage> {
  let { microBatchSize } = options;
  let epochCount = 0;
  const onEpoch: StageContext['onEpoch'] = (...args) => {
    epochCount += 1;
    return context.onEpoch(...args);
  };
  for (;;) {
    try {
      return await trainOnce({ ...options, microBatchSize }, stage, start, { ...context, onEpoch });
    } catch (error) {
      // Later it would be another process that took the memory, and epochs that are reported cannot be taken back.
      if (epochCount > 0) throw asOutOfMemory(error, microBatchSize);
      microBatchSize = smallerMicroBatch(error, microBatchSize);
    }
  }
}

async function trainOnce(
  options: SizedOptions,
  stage: Stage,
  start: Weights,
  context: StageContext,
): Promise<TrainedStage> {
  const training = await prepareTraining(options, stage, start, context.shared);
  try {
    const { epochs, ...best } = await trainEpochs(training, options, stage, context);
    const { state } = training;
    return {
      record: recordOf(training, options, stage, epochs.length),
      epochs,
      ...best,
      trainedParameterCount: state.trainedParameterCount,
      microBatchSize: options.microBatchSize,
    };
  } finally {
    training.dispose();
  }
}

function recordOf(
  { parts, train, isPrefixCached }: PreparedTraining,
  { batchSize }: SizedOptions,
  { gradientPassBatchCount }: Stage,
  epochCount: number,
): StageRecord {
  const record = { parts, isPrefixCached, epochCount };
  if (gradientPassBatchCount === undefined) return record;
  const gradientPassImageCount = firstBatchesExampleCount(train.labels.length, batchSize, gradientPassBatchCount);
  return { ...record, gradientPassImageCount };
}

/**
 * Trains until the stage's last epoch, until too many in a row were no better than its best, or until it is to pause. Where
 * nothing is validated, each epoch counts as better than the one before.
 */
async function trainEpochs(
  training: PreparedTraining,
  options: SizedOptions,
  stage: Stage,
  { stagesBefore, epochsBefore, startEpoch, onEpoch, resumeFrom, pauseAfterEpochCount = Infinity }: StageContext,
): Promise<Pick<TrainedStage, 'epochs' | 'best' | 'bestWeights' | 'checkpoint'>> {
  const { state } = training;
  const { microBatchSize, objective, patienceEpochs } = options;
  const epochs = (resumeFrom?.epochs ?? []).slice(epochsBefore.length);
  let bestWeights: Weights = resumeFrom?.bestWeights ?? (startEpoch === undefined ? new Map() : state.toHost());
  if (resumeFrom !== undefined) state.restore(resumeFrom);
  let optimizerShare: number | undefined;
  const candidates = () => (startEpoch === undefined ? epochs : [startEpoch, ...epochs]);
  const hasEnded = () => epochs.length >= stage.epochCount || isExhausted(candidates(), objective, patienceEpochs);
  const checkpoint = (): TrainingCheckpoint => ({
    stages: stagesBefore,
    epochs: [...epochsBefore, ...epochs],
    ...state.snapshot(),
    bestWeights,
    microBatchSize,
  });
  while (!hasEnded() && epochs.length < pauseAfterEpochCount) {
    const place = { epoch: epochsBefore.length + epochs.length + 1, stageEpoch: epochs.length + 1 };
    const { metrics, ...found } = await oneEpoch(training, options, stage, { ...place, optimizerShare });
    ({ optimizerShare } = found);
    epochs.push(metrics);
    if (bestOf(candidates(), objective) === metrics) bestWeights = state.toHost();
    await onEpoch(metrics, checkpoint);
  }
  const best = bestOf(candidates(), objective);
  if (best === undefined) throw new Error('no epoch was trained');
  return { epochs, best, bestWeights, ...(!hasEnded() && { checkpoint: checkpoint() }) };
}

function isExhausted(epochs: readonly EpochMetrics[], objective: Objective, patienceEpochs: number): boolean {
  const best = bestOf(epochs, objective);
  return best !== undefined && epochs.length - 1 - epochs.indexOf(best) >= patienceEpochs;
}

interface EpochPlace {
  /** The epoch of the whole training, from 1. */
  readonly epoch: number;
  /** The epoch of the stage, from 1. */
  readonly stageEpoch: number;
  /** The optimizer's share of a step, as `EpochOptions.optimizerShare`. */
  readonly optimizerShare: number | undefined;
}

async function oneEpoch(
  training: PreparedTraining,
  options: SizedOptions,
  stage: Stage,
  { epoch, stageEpoch, optimizerShare: knownShare }: EpochPlace,
) {
  const { state, train } = training;
  const { batchSize, baseLearningRate, warmupStepCount } = options;
  const seed = stage.isStart === true ? options.headSeed : options.seed;
  const startMs = performance.now();
  const scheduleEpoch = stage.restartsSchedule ? stageEpoch : epoch;
  const learningRate = learningRateOf(baseLearningRate, scheduleEpoch, scheduleOf(options, stage));
  const settings = stepSettings(options, train.labels, learningRate);
  const warmup = { stepCount: warmupStepCount, epochsBefore: stageEpoch - 1 };
  const epochOptions = { epoch, seed, batchSize, settings, warmup };
  const rateFactors = await rateFactorsOf(training, stage, epochOptions);
  const { optimizerShare, ...trained }: EpochTraining & { optimizerShare?: number } = await trainEpoch(state, train, {
    ...epochOptions,
    settings: { ...settings, ...(rateFactors !== undefined && { rateFactors }) },
    ...(knownShare !== undefined && { optimizerShare: knownShare }),
  });
  const validated = await validate(training, options, epoch);
  const seconds = (performance.now() - startMs) / 1000;
  return { metrics: { epoch, ...trained, ...validated, learningRate, seconds }, optimizerShare };
}

/** A schedule that ends with a training whose stages have epochs of their own ends with each of these. */
function scheduleOf({ schedule, epochCount, stageEpochCounts }: SizedOptions, stage: Stage): LearningRateSchedule {
  const endsWithStage =
    stageEpochCounts !== undefined &&
    stage.restartsSchedule &&
    schedule.type === 'COSINE' &&
    schedule.epochCount === epochCount;
  return endsWithStage ? { ...schedule, epochCount: stage.epochCount } : schedule;
}

/**
 * What the model makes of the validation images after an epoch; nothing where there are none.
 *
 * @throws {DomainError} NAN_LOSS when the validation loss, or without images a weight, is not finite.
 */
async function validate(
  { state, inference, validation, functions }: PreparedTraining,
  { classCount, microBatchSize }: SizedOptions,
  epoch: number,
): Promise<Partial<ValidationMetrics>> {
  if (validation === undefined) {
    const block = state.firstNotFinite();
    if (block === undefined) return {};
    throw notFinite(`weights of block ${block} are not finite after epoch ${epoch}`, { epoch, block });
  }
  state.loadInto(inference);
  const scores = await score(inference, validation, { classCount, batchSize: microBatchSize, functions });
  inference.unload();
  if (Number.isFinite(scores.loss)) return validationMetrics(scores);
  const block = state.firstNotFinite();
  const where = block === undefined ? 'an activation overflowed' : `weights of block ${block} are not finite`;
  const message = `the validation loss is ${scores.loss} after epoch ${epoch}: ${where}`;
  throw notFinite(message, { loss: scores.loss, epoch, ...(block !== undefined && { block }) });
}

/** The rate factors of a stage that takes gradients before each epoch, which it also begins with a new optimizer. */
async function rateFactorsOf(
  { state, train }: PreparedTraining,
  { gradientPassBatchCount }: Stage,
  epochOptions: EpochOptions,
): Promise<number[] | undefined> {
  if (gradientPassBatchCount === undefined) return undefined;
  state.optimizer.reset();
  return relativeGradients(state, train, epochOptions, gradientPassBatchCount);
}

function notFinite(message: string, metadata: Readonly<Record<string, string | number>>): DomainError {
  const words = Object.entries(metadata).map(([name, value]) => [name, String(value)] as const);
  return new DomainError('NAN_LOSS', message, Object.fromEntries(words));
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
