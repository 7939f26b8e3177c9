import { type Tensor, tf } from '../device/backend.js';
import { named, tensorNamed } from '../device/named-tensors.js';
import {
  checkSizes,
  constantsOf,
  type GradientSettings,
  gradientsInPieces,
  passInputsOf,
  tensorsOf,
} from './batch-gradients.js';
import { weightSum } from '../ops/cross-entropy.js';
import { forwardAndBackward } from '../model/forward-backward.js';
import { clippedByNorm } from '../ops/gradient-clipping.js';
import { type Batch, microBatchSizes } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';

/** How a step is done. */
export interface StepSettings extends GradientSettings {
  /** The base rate, before the segments' multipliers. */
  readonly learningRate: number;
  /** Factors on the rates beside the multipliers, as `ModelState.rates` takes them. */
  readonly rateFactors?: readonly number[];
  /** The gradients of a step are together no longer than this; no bound when absent. */
  readonly gradientNormMax?: number;
  /** The most examples that are in memory at a time; their gradients are added up; all when absent. */
  readonly microBatchSize?: number;
}

/**
 * Trains a model on one batch, each segment with its multiplier times the learning rate. Nothing is read from the device.
 *
 * Micro-batches give what the whole batch gives, but for BatchNorm: its batch statistics are those of a micro-batch.
 *
 * @param batch Its input is float32, what the first segment takes; stays the caller's.
 * @throws {DomainError} BATCH_OF_ONE when a BatchNorm would use the statistics of one example.
 * @returns float32 [1 + segment count], the caller's to dispose: the mean loss before the step, then the mean of each
 *   segment's output (of the micro-batches, their sum), which is finite if the output is.
 */
export function trainStep(state: ModelState, batch: Batch, settings: StepSettings): Tensor {
  const sizes = microBatchSizes(batch.labels.length, settings.microBatchSize);
  checkSizes(state, sizes);
  return sizes.length === 1 ? wholeStep(state, batch, settings) : accumulatedStep(state, batch, sizes, settings);
}

/** Forward, backward and update as one piece of work, so that updates run while gradients are still computed. */
function wholeStep(state: ModelState, batch: Batch, settings: StepSettings): Tensor {
  const [report, ...statistics] = tf.tidy(() => {
    const inputs = passInputsOf(batch, settings, 1 / weightSum(batch.labels, settings.classWeights));
    const numbers = state.optimizer.nextNumbers(ratesOf(state, settings));
    const args = [...tensorsOf(inputs), ...numbers, ...state.tensors, ...state.updateTensors];
    return state.functions.run(`step ${stepConstantsOf(settings)}`, args, () => {
      const pass = forwardAndBackward(state, inputs, settings);
      update(state, pass.gradients, numbers, settings);
      return [pass.report, ...state.movingStatisticNames.map((name) => tensorNamed(pass.statistics, name))];
    });
  });
  if (report === undefined) throw new Error('the step returned nothing');
  state.replaceResidents(named(state.movingStatisticNames, statistics));
  return report;
}

function accumulatedStep(state: ModelState, whole: Batch, sizes: readonly number[], settings: StepSettings): Tensor {
  const { report, gradients } = gradientsInPieces(state, whole, sizes, settings, (statistics) =>
    state.replaceResidents(statistics),
  );
  try {
    updateAlone(state, gradients, settings);
    return report;
  } catch (error) {
    report.dispose();
    throw error;
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

function updateAlone(state: ModelState, gradients: ReadonlyMap<string, Tensor>, settings: StepSettings): void {
  tf.tidy(() => {
    const numbers = state.optimizer.nextNumbers(ratesOf(state, settings));
    const args = [...gradients.values(), ...numbers, ...state.optimizer.handles, ...state.updateTensors];
    state.functions.run(`update ${stepConstantsOf(settings)}`, args, () => {
      update(state, gradients, numbers, settings);
      return [];
    });
  });
}

/** The settings that a trace of a step keeps. */
export const stepConstantsOf = (settings: StepSettings): string =>
  `${constantsOf(settings)} ${JSON.stringify({ gradientNormMax: settings.gradientNormMax })}`;

/**
 * Moves what learns by the gradients of a step. Ops only, so that it can be traced.
 *
 * @param numbers The numbers that `BlockOptimizer.update` takes.
 */
export function update(
  { optimizer, startingPoint }: Pick<ModelState, 'optimizer' | 'startingPoint'>,
  gradients: ReadonlyMap<string, Tensor>,
  numbers: readonly Tensor[],
  { gradientNormMax }: StepSettings,
): void {
  const pulled = startingPoint?.pulled(gradients, optimizer.read()) ?? gradients;
  optimizer.update(gradientNormMax === undefined ? pulled : clippedByNorm(pulled, gradientNormMax), numbers);
}

/** The rate of each group of the optimizer in a step. */
export const ratesOf = (state: ModelState, { learningRate, rateFactors }: StepSettings): number[] =>
  state.rates(learningRate, rateFactors);
