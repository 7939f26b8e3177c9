import type { Tensor } from '../device/backend.js';
import { batchesOf, shuffledIndices } from '../examples/batch-order.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import type { ExampleSource } from '../examples/image-batches.js';
import type { Batch } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';
import { warmupFactor } from './learning-rate.js';
import { StepReports } from './step-reports.js';
import { type StepTimes, stepTimes } from './step-times.js';
import { type StepSettings, trainStep } from './train-step.js';

/** What the training part of an epoch came to. */
export type EpochTraining = Pick<
  EpochMetrics,
  'trainLoss' | 'imagesPerSecond' | 'dataSeconds' | 'forwardBackwardSeconds' | 'optimizerSeconds'
>;

export interface EpochOptions {
  /** The epoch of the training, from 1. */
  readonly epoch: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly settings: StepSettings;
  /** The steps at the start of the stage over which its rates climb, and its epochs before this one; absent where they do not. */
  readonly warmup?: { readonly stepCount: number; readonly epochsBefore: number };
  /** What the optimizer takes of a step, in [0, 1]; measured in this epoch when absent. */
  readonly optimizerShare?: number;
}

/** The step whose parts are measured, once in a training; every kernel is warm by then. */
const SAMPLED_STEP = 2;

/**
 * Trains a model on every example once, in an order that depends on seed and epoch alone.
 *
 * @throws {DomainError} NAN_LOSS, as `StepReports.add`.
 */
export async function trainEpoch(
  state: ModelState,
  train: ExampleSource,
  options: EpochOptions,
): Promise<EpochTraining & { readonly optimizerShare?: number }> {
  const { epoch, seed, batchSize, warmup = { stepCount: 0, epochsBefore: 0 } } = options;
  const batches = batchesOf(shuffledIndices(train.labels.length, seed, epoch), batchSize);
  const stepsBefore = warmup.epochsBefore * batches.length;
  const reports = new StepReports(state.segments.map(({ id }) => id));
  const startMs = performance.now();
  let waitingSinceMs = startMs;
  let dataMs = 0;
  let step = 0;
  let times: StepTimes | undefined;
  try {
    for await (const input of train.read(batches, epoch)) {
      dataMs += performance.now() - waitingSinceMs;
      const labels = Int32Array.from(batches[step++] ?? [], (example) => train.labels[example] ?? 0);
      const learningRate = options.settings.learningRate * warmupFactor(stepsBefore + step, warmup.stepCount);
      const settings = { ...options.settings, learningRate };
      const isSampled = options.optimizerShare === undefined && step === SAMPLED_STEP;
      const { report, ...measured } = stepOn(state, { input, labels }, settings, isSampled);
      times ??= measured.times;
      reports.add(report, { epoch, step, learningRate, exampleCount: labels.length });
      await yieldToEventLoop();
      waitingSinceMs = performance.now();
    }
    const trainLoss = reports.meanLoss();
    const seconds = (performance.now() - startMs) / 1000;
    const optimizerShare = options.optimizerShare ?? shareOf(times);
    return {
      trainLoss,
      imagesPerSecond: train.labels.length / seconds,
      ...secondsOfParts(seconds, dataMs / 1000, optimizerShare),
      ...(optimizerShare !== undefined && { optimizerShare }),
    };
  } finally {
    reports.dispose();
  }
}

/** Makes one step and disposes the batch's input. @param isSampled Whether the step's parts are measured before. */
function stepOn(
  state: ModelState,
  batch: Batch,
  settings: StepSettings,
  isSampled: boolean,
): { readonly report: Tensor; readonly times?: StepTimes } {
  try {
    const times = isSampled ? { times: stepTimes(state, batch, settings) } : {};
    return { report: trainStep(state, batch, settings), ...times };
  } finally {
    batch.input.dispose();
  }
}

/** What the parts of an epoch took; the steps are all but the waiting for examples. */
function secondsOfParts(seconds: number, dataSeconds: number, optimizerShare = 0) {
  const stepSeconds = seconds - dataSeconds;
  const optimizerSeconds = stepSeconds * optimizerShare;
  return { dataSeconds, forwardBackwardSeconds: stepSeconds - optimizerSeconds, optimizerSeconds };
}

function shareOf(times: StepTimes | undefined): number | undefined {
  if (times === undefined) return undefined;
  return times.optimizerSeconds / (times.forwardBackwardSeconds + times.optimizerSeconds);
}
