import { DomainError } from '../../domain/errors.js';
import { type Tensor, tf } from '../device/backend.js';
import { named, tensorNamed } from '../device/named-tensors.js';
import { type LossSettings, weightSum } from '../ops/cross-entropy.js';
import { forwardAndBackward, type Pass, type PassInputs, type PassSettings } from '../model/forward-backward.js';
import { add } from '../ops/kernels.js';
import { type Batch, microBatches } from '../examples/micro-batches.js';
import type { ModelState } from '../model/model-state.js';

/** What the gradients of a batch follow from beside model and examples. */
export interface GradientSettings extends LossSettings, PassSettings {}

/** What a step on this batch would go by; nothing changes. Ownership as in `Pass`. */
export function lossAndGradients(
  state: ModelState,
  batch: Batch,
  settings: GradientSettings,
): Omit<Pass, 'report'> & { readonly loss: number } {
  const { report, ...found } = gradientsOf(state, batch, settings, 1 / weightSum(batch.labels, settings.classWeights));
  const [loss = NaN] = report.dataSync<'float32'>();
  report.dispose();
  return { loss, ...found };
}

/**
 * The gradients of a whole batch, computed on pieces of it.
 *
 * @param sizes The sizes of the pieces, as `microBatchSizes` gives them.
 * @param onStatistics Takes over `Pass.statistics` of each piece, before the next is run.
 * @returns as in `Pass`; reports are added up.
 */
export function gradientsInPieces(
  state: ModelState,
  batch: Batch,
  sizes: readonly number[],
  settings: GradientSettings,
  onStatistics: (statistics: Pass['statistics']) => void,
): Omit<Pass, 'statistics'> {
  const scale = 1 / weightSum(batch.labels, settings.classWeights);
  let gradients: ReadonlyMap<string, Tensor> = new Map();
  const reports: Tensor[] = [];
  try {
    for (const piece of microBatches(batch, sizes)) {
      const found = passOver(state, piece, settings, scale);
      onStatistics(found.statistics);
      reports.push(found.report);
      gradients = gradients.size === 0 ? found.gradients : added(state, gradients, found.gradients);
    }
    return { report: tf.addN(reports), gradients };
  } catch (error) {
    tf.dispose([...gradients.values()]);
    throw error;
  } finally {
    tf.dispose(reports);
  }
}

/** @throws {DomainError} BATCH_OF_ONE when a BatchNorm would use the statistics of one example. */
export function checkSizes({ segments, movingStatisticNames }: ModelState, sizes: readonly number[]): void {
  if (!sizes.includes(1) || movingStatisticNames.length === 0) return;
  const ids = segments.filter(({ usesBatchStatistics }) => usesBatchStatistics).map(({ id }) => id);
  throw new DomainError(
    'BATCH_OF_ONE',
    `BatchNorm in blocks ${ids.join(', ')} would normalise with the statistics of a single example; train on 2 or more at a time, or freeze these blocks with frozenBatchNorm EVAL`,
    { blocks: ids.join(', ') },
  );
}

/** Computes the gradients of a piece, and disposes its input. */
function passOver(state: ModelState, piece: Batch, settings: GradientSettings, scale: number): Pass {
  try {
    return gradientsOf(state, piece, settings, scale);
  } finally {
    piece.input.dispose();
  }
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
      names.map((name) => add(tensorNamed(a, name), tensorNamed(b, name))),
    );
    return named(names, sums);
  } finally {
    tf.dispose(summands);
  }
}

/** @param scale The factor on the loss, as `crossEntropy` takes it. */
function gradientsOf(state: ModelState, batch: Batch, settings: GradientSettings, scale: number): Pass {
  const { names } = state.optimizer;
  const { movingStatisticNames } = state;
  const [report, ...tensors] = tf.tidy(() => {
    const inputs = passInputsOf(batch, settings, scale);
    const args = [...tensorsOf(inputs), ...state.tensors];
    return state.functions.run(`gradients ${constantsOf(settings)}`, args, () => {
      const pass = forwardAndBackward(state, inputs, settings);
      const gradients = names.map((name) => tensorNamed(pass.gradients, name));
      return [pass.report, ...gradients, ...movingStatisticNames.map((name) => tensorNamed(pass.statistics, name))];
    });
  });
  if (report === undefined) throw new Error('the pass returned nothing');
  return {
    report,
    gradients: named(names, tensors.slice(0, names.length)),
    statistics: named(movingStatisticNames, tensors.slice(names.length)),
  };
}

/** A batch as a pass takes it; tensors of the surrounding tidy, but for the input. */
export function passInputsOf({ input, labels }: Batch, { classWeights }: GradientSettings, scale: number): PassInputs {
  return {
    input,
    labels: tf.tensor1d(labels, 'int32'),
    scale: tf.scalar(scale),
    ...(classWeights !== undefined && { classWeights: tf.tensor1d([...classWeights], 'float32') }),
  };
}

/** The tensors of a pass, always in one order. */
export const tensorsOf = ({ input, labels, scale, classWeights }: PassInputs): Tensor[] => [
  input,
  labels,
  scale,
  ...(classWeights === undefined ? [] : [classWeights]),
];

/** The settings that a trace of a pass keeps. */
export function constantsOf({ batchNormMomentum, labelSmoothing, classWeights }: GradientSettings): string {
  return JSON.stringify({ batchNormMomentum, labelSmoothing, isWeighted: classWeights !== undefined });
}
