import { DomainError } from '../domain/errors.js';
import { type Tensor, tf } from './backend.js';
import { type LossSettings, weightSum } from './cross-entropy.js';
import { forwardAndBackward, type Pass, type PassInputs, type PassSettings } from './forward-backward.js';
import { clippedByNorm } from './gradient-clipping.js';
import { add } from './kernels.js';
import { type Batch, microBatches, microBatchSizes } from './micro-batches.js';
import type { ModelState } from './model-state.js';

/** How a step is done. */
export interface StepSettings extends LossSettings, PassSettings {
  /** Before the segments' multipliers. */
  readonly learningRate: number;
  /** The gradients of a step are together no longer than this; no bound when absent. */
  readonly gradientNormMax?: number;
  /** At most so many examples are in memory at a time, and their gradients are added up; all when absent. */
  readonly microBatchSize?: number;
}

/** Where a step's time goes. */
export interface StepTimes {
  forwardBackwardSeconds: number;
  optimizerSeconds: number;
}

/**
 * Trains a model on one batch, each segment with its multiplier times the learning rate. Nothing is read from the device.
 *
 * Micro-batches give what the whole batch gives, but for BatchNorm: its batch statistics are those of a micro-batch.
 *
 * @param batch Its input is float32, what the first segment takes; stays the caller's.
 * @param times Filled, when given; a step in one piece then runs op by op, with the same result.
 * @throws DomainError BATCH_OF_ONE when a BatchNorm would use the statistics of one example.
 * @returns float32 [1 + segment count], the caller's to dispose: the mean loss before the step, then the mean of each
 *   segment's output (of the micro-batches, their sum), which is finite if the output is.
 */
export function trainStep(state: ModelState, batch: Batch, settings: StepSettings, times?: StepTimes): Tensor {
  const sizes = microBatchSizes(batch.labels.length, settings.microBatchSize);
  if (sizes.includes(1)) checkSingleExample(state);
  return sizes.length === 1
    ? wholeStep(state, batch, settings, times)
    : accumulatedStep(state, batch, sizes, settings, times);
}

/** What a step on this batch would go by; nothing changes. Ownership as in `Pass`. */
export function lossAndGradients(
  state: ModelState,
  batch: Batch,
  settings: StepSettings,
): Omit<Pass, 'report'> & { readonly loss: number } {
  const { report, ...found } = gradientsOf(state, batch, settings, 1 / weightSum(batch.labels, settings.classWeights));
  const [loss = NaN] = report.dataSync<'float32'>();
  report.dispose();
  return { loss, ...found };
}

/** @throws DomainError BATCH_OF_ONE when a BatchNorm would use the statistics of one example. */
function checkSingleExample({ segments, movingStatisticNames }: ModelState): void {
  if (movingStatisticNames.length === 0) return;
  const ids = segments.filter(({ usesBatchStatistics }) => usesBatchStatistics).map(({ id }) => id);
  throw new DomainError(
    'BATCH_OF_ONE',
    `BatchNorm in blocks ${ids.join(', ')} would normalise with the statistics of a single example; train on 2 or more at a time, or freeze these blocks with frozenBatchNorm EVAL`,
    { blocks: ids.join(', ') },
  );
}

/** Forward, backward and update as one piece of work, so that updates run while gradients are still computed. */
function wholeStep(state: ModelState, batch: Batch, settings: StepSettings, times?: StepTimes): Tensor {
  const [report, ...statistics] = tf.tidy(() => {
    const inputs = passInputsOf(batch, settings, 1 / weightSum(batch.labels, settings.classWeights));
    const numbers = state.optimizer.nextNumbers(ratesOf(state, settings));
    const body = () => {
      const startMs = performance.now();
      const pass = forwardAndBackward(state, inputs, settings);
      if (times !== undefined) times.forwardBackwardSeconds = secondsSince(startMs, [pass.report]);
      update(state, pass.gradients, numbers, settings);
      if (times !== undefined) {
        times.optimizerSeconds = secondsSince(startMs, [pass.report]) - times.forwardBackwardSeconds;
      }
      return [pass.report, ...state.movingStatisticNames.map((name) => presentIn(pass.statistics, name))];
    };
    const args = [...tensorsOf(inputs), ...numbers, ...state.tensors, ...state.optimizer.slotHandles];
    return times === undefined ? state.functions.run(`step ${constantsOf(settings)}`, args, body) : body();
  });
  if (report === undefined) throw new Error('the step returned nothing');
  state.replaceResidents(named(state.movingStatisticNames, statistics));
  return report;
}

function accumulatedStep(
  state: ModelState,
  whole: Batch,
  sizes: readonly number[],
  settings: StepSettings,
  times: StepTimes | undefined,
): Tensor {
  const startMs = performance.now();
  const scale = 1 / weightSum(whole.labels, settings.classWeights);
  let gradients: ReadonlyMap<string, Tensor> | undefined;
  const reports: Tensor[] = [];
  try {
    for (const piece of microBatches(whole, sizes)) {
      const found = passOver(state, piece, settings, scale);
      state.replaceResidents(found.statistics);
      reports.push(found.report);
      gradients = gradients === undefined ? found.gradients : added(state, gradients, found.gradients);
    }
    if (times !== undefined) times.forwardBackwardSeconds = secondsSince(startMs, reports);
    updateAlone(state, gradients ?? new Map(), settings);
    if (times !== undefined) times.optimizerSeconds = secondsSince(startMs, reports) - times.forwardBackwardSeconds;
    return tf.addN(reports);
  } finally {
    tf.dispose([...(gradients?.values() ?? []), ...reports]);
  }
}

/** As `gradientsOf`; takes over the piece's input. */
function passOver(state: ModelState, piece: Batch, settings: StepSettings, scale: number): Pass {
  try {
    return gradientsOf(state, piece, settings, scale);
  } finally {
    piece.input.dispose();
  }
}

function updateAlone(state: ModelState, gradients: ReadonlyMap<string, Tensor>, settings: StepSettings): void {
  tf.tidy(() => {
    const numbers = state.optimizer.nextNumbers(ratesOf(state, settings));
    const args = [...gradients.values(), ...numbers, ...state.optimizer.handles, ...state.optimizer.slotHandles];
    state.functions.run(`update ${constantsOf(settings)}`, args, () => {
      update(state, gradients, numbers, settings);
      return [];
    });
  });
}

/** @returns the sums; both summands are disposed. */
function added(
  state: ModelState,
  a: ReadonlyMap<string, Tensor>,
  b: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Tensor> {
  const names = [...a.keys()];
  const summands = [...a.values(), ...b.values()];
  try {
    const sums = state.functions.run('add gradients', summands, () =>
      names.map((name) => add(presentIn(a, name), presentIn(b, name))),
    );
    return named(names, sums);
  } finally {
    tf.dispose(summands);
  }
}

/** @param scale Of the loss, as `crossEntropy` takes it. */
function gradientsOf(state: ModelState, batch: Batch, settings: StepSettings, scale: number): Pass {
  const { names } = state.optimizer;
  const { movingStatisticNames } = state;
  const [report, ...tensors] = tf.tidy(() => {
    const inputs = passInputsOf(batch, settings, scale);
    const args = [...tensorsOf(inputs), ...state.tensors];
    return state.functions.run(`gradients ${constantsOf(settings)}`, args, () => {
      const pass = forwardAndBackward(state, inputs, settings);
      const gradients = names.map((name) => presentIn(pass.gradients, name));
      return [pass.report, ...gradients, ...movingStatisticNames.map((name) => presentIn(pass.statistics, name))];
    });
  });
  if (report === undefined) throw new Error('the pass returned nothing');
  return {
    report,
    gradients: named(names, tensors.slice(0, names.length)),
    statistics: named(movingStatisticNames, tensors.slice(names.length)),
  };
}

function passInputsOf({ input, labels }: Batch, { classWeights }: StepSettings, scale: number): PassInputs {
  return {
    input,
    labels: tf.tensor1d(labels, 'int32'),
    scale: tf.scalar(scale),
    ...(classWeights !== undefined && { classWeights: tf.tensor1d([...classWeights], 'float32') }),
  };
}

const tensorsOf = ({ input, labels, scale, classWeights }: PassInputs): Tensor[] => [
  input,
  labels,
  scale,
  ...(classWeights === undefined ? [] : [classWeights]),
];

/** The settings that a trace keeps. */
function constantsOf({ batchNormMomentum, labelSmoothing, gradientNormMax, classWeights }: StepSettings): string {
  return JSON.stringify({ batchNormMomentum, labelSmoothing, gradientNormMax, isWeighted: classWeights !== undefined });
}

function update(
  { optimizer }: ModelState,
  gradients: ReadonlyMap<string, Tensor>,
  numbers: readonly Tensor[],
  { gradientNormMax }: StepSettings,
): void {
  optimizer.update(gradientNormMax === undefined ? gradients : clippedByNorm(gradients, gradientNormMax), numbers);
}

const ratesOf = ({ segments }: ModelState, { learningRate }: StepSettings): number[] =>
  segments.map(({ lrMultiplier }) => lrMultiplier * learningRate);

const named = (names: readonly string[], tensors: readonly Tensor[]): ReadonlyMap<string, Tensor> =>
  new Map(tensors.map((tensor, index) => [names[index] ?? '', tensor]));

function presentIn(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the step gave nothing for ${name}`);
  return tensor;
}

/** Waits until the device has come to these tensors. */
function secondsSince(startMs: number, tensors: readonly Tensor[]): number {
  for (const tensor of tensors) tensor.dataSync();
  return (performance.now() - startMs) / 1000;
}
