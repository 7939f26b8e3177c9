import type { Tensor } from '../device/backend.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import { yieldToEventLoop } from '../device/event-loop.js';
import { joinedGroups } from '../examples/held-examples.js';
import type { ExampleSource } from '../examples/image-batches.js';
import type { Batch } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';
import { type EpochStep, type EpochStepsOptions, stepsOf } from './epoch-steps.js';
import { canBeJoined, joinedSteps } from './joined-steps.js';
import { StepReports } from './step-reports.js';
import { type StepTimes, stepTimes } from './step-times.js';
import { type StepSettings, trainStep } from './train-step.js';

/** What the training part of an epoch came to. */
export type EpochTraining = Pick<
  EpochMetrics,
  'trainLoss' | 'imagesPerSecond' | 'dataSeconds' | 'forwardBackwardSeconds' | 'optimizerSeconds'
>;

export interface EpochOptions extends EpochStepsOptions {
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
  const steps = stepsOf(train.labels, options);
  const reports = new StepReports(state.segments.map(({ id }) => id));
  const startMs = performance.now();
  try {
    const isSampled = options.optimizerShare === undefined;
    // A step can be measured on its own alone.
    const held = isSampled || !canBeJoined(state, steps) ? undefined : train.held;
    const { dataMs, times }: EpochTimes =
      held === undefined
        ? await eachStep(state, train, steps, reports, isSampled)
        : await allSteps(state, held, steps, reports);
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

/** What was measured while an epoch's steps were made. */
interface EpochTimes {
  /** The time that steps waited for their examples. */
  readonly dataMs: number;
  /** The parts of the sampled step. */
  readonly times?: StepTimes;
}

/** Makes the steps one after the other, each on its batch as it comes. */
async function eachStep(
  state: ModelState,
  train: ExampleSource,
  steps: readonly EpochStep[],
  reports: StepReports,
  isSampled: boolean,
): Promise<EpochTimes> {
  const batches = steps.map(({ examples }) => examples);
  let waitingSinceMs = performance.now();
  let dataMs = 0;
  let next = 0;
  let times: StepTimes | undefined;
  for await (const input of train.read(batches, steps[0]?.place.epoch)) {
    dataMs += performance.now() - waitingSinceMs;
    const step = steps[next++];
    if (step === undefined) throw new Error('there are more batches than steps');
    const { labels, settings, place } = step;
    const { report, ...measured } = stepOn(
      state,
      { input, labels },
      settings,
      isSampled && place.step === SAMPLED_STEP,
    );
    times ??= measured.times;
    reports.add(report, place);
    await yieldToEventLoop();
    waitingSinceMs = performance.now();
  }
  return { dataMs, ...(times !== undefined && { times }) };
}

/** Makes the steps some at a time, on examples that are on the device. */
async function allSteps(
  state: ModelState,
  held: Tensor,
  steps: readonly EpochStep[],
  reports: StepReports,
): Promise<EpochTimes> {
  for (const group of joinedGroups(steps)) {
    const found = joinedSteps(state, held, group);
    group.forEach(({ place }, index) => {
      const report = found[index];
      if (report !== undefined) reports.add(report, place);
    });
    await yieldToEventLoop();
  }
  return { dataMs: 0 };
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
