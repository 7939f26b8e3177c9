import type { BatchNorm } from '../../networks/layers.js';
import { hasNarrowOneDnnKernels, hasOneDnnKernels, type Tensor, tf } from '../device/backend.js';
import { type ChannelStatistics, channelStatistics, pixelCount } from './channel-statistics.js';
import { activated, type PixelwiseActivation, scaleChannels } from './joined-kernels.js';
import { add, attribute, divide, execute, multiply, subtract, typeAttribute } from './kernels.js';

/** The four vectors of a BatchNorm, float32 [channels]. */
export interface BatchNormParameters {
  readonly scale: Tensor;
  readonly offset: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

/** All of it is the caller's to dispose. */
export interface BatchNormResult {
  readonly output: Tensor;
  /** Running statistics after this batch; equal to the given ones unless batch statistics were used. */
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  /** What the gradient op wants back from a pass that used batch statistics. */
  readonly reserves: readonly Tensor[];
}

const DTYPES = () => [
  typeAttribute('T', 'float32'),
  typeAttribute('U', 'float32'),
  attribute('data_format', 'STRING', 'NHWC'),
];

/**
 * Normalises with the batch's own mean and biased variance, and moves the running statistics towards the batch's mean
 * and *unbiased* variance, as torch does. tfjs's own layer takes some 20 ops for this, and ignores `trainable`.
 *
 * @param momentum Share of the batch in the new running statistics: torch's momentum, 1 minus Keras's.
 * @param known The batch's statistics, if they are known already; they stay the caller's.
 */
export function batchNormWithBatchStatistics(
  input: Tensor,
  parameters: BatchNormParameters,
  { epsilon, momentum }: Pick<BatchNorm, 'epsilon'> & { readonly momentum: number },
  known?: ChannelStatistics,
): BatchNormResult {
  if (known === undefined && !hasNarrowOneDnnKernels()) return forward(input, parameters, epsilon, true, momentum);
  return tf.tidy(() => {
    const { mean, variance } = known ?? channelStatistics(input);
    const count = pixelCount(input);
    const unbiased = multiply(variance, tf.scalar(count / Math.max(1, count - 1)));
    return {
      output: normalised(input, { ...parameters, runningMean: mean, runningVariance: variance }, epsilon),
      runningMean: between(parameters.runningMean, mean, momentum),
      runningVariance: between(parameters.runningVariance, unbiased, momentum),
      reserves: [mean, variance, variance].map((tensor) => tensor.clone()),
    };
  });
}

/**
 * Normalises with the running statistics, and leaves them as they are.
 *
 * @param activation What follows it at once; it makes 0 of what is not a number.
 */
export function batchNormWithRunningStatistics(
  input: Tensor,
  parameters: BatchNormParameters,
  { epsilon }: Pick<BatchNorm, 'epsilon'>,
  activation?: PixelwiseActivation,
): Tensor {
  if (hasOneDnnKernels()) return normalised(input, parameters, epsilon, activation);
  return tf.tidy(() => activated(forward(input, parameters, epsilon, false, 1).output, activation));
}

/**
 * The gradients of a BatchNorm; the caller disposes them.
 *
 * @param reserves The reserves of the forward pass that used batch statistics; undefined when it used running ones: then the
 *   population's mean and variance take their place, not what the forward op returned.
 */
export function batchNormGradients(
  outputGradient: Tensor,
  input: Tensor,
  { scale, runningMean, runningVariance }: Omit<BatchNormParameters, 'offset'>,
  epsilon: number,
  reserves: readonly Tensor[] | undefined,
): { input: Tensor; scale: Tensor; offset: Tensor } {
  const attributes = [
    ...DTYPES(),
    attribute('epsilon', 'FLOAT', epsilon),
    attribute('is_training', 'BOOL', reserves !== undefined),
  ];
  const inputs = [outputGradient, input, scale, ...(reserves ?? [runningMean, runningVariance, runningVariance])];
  const [inputGradient, scaleGradient, offsetGradient, ...unused] = execute(
    'FusedBatchNormGradV3',
    attributes,
    inputs,
    5,
  );
  for (const tensor of unused) tensor.dispose();
  if (inputGradient === undefined || scaleGradient === undefined || offsetGradient === undefined) {
    throw new Error('FusedBatchNormGradV3 returned too little');
  }
  return { input: inputGradient, scale: scaleGradient, offset: offsetGradient };
}

/**
 * Scales and shifts by the given statistics. oneDNN's BatchNorm goes through images channel by channel: with AVX2 it takes 5.4 ms for
 * 256 channels of 16 x 16 px and 32 images, and the ReLU behind it 0.9, where both take 1.7 here.
 */
function normalised(
  input: Tensor,
  { scale, offset, runningMean, runningVariance }: BatchNormParameters,
  epsilon: number,
  activation?: PixelwiseActivation,
): Tensor {
  return tf.tidy(() => {
    const factor = divide(scale, tf.sqrt(add(runningVariance, tf.scalar(epsilon))));
    return scaleChannels(input, factor, subtract(offset, multiply(runningMean, factor)), activation);
  });
}

/** @param share The share of `b`. */
const between = (a: Tensor, b: Tensor, share: number): Tensor =>
  add(multiply(a, tf.scalar(1 - share)), multiply(b, tf.scalar(share)));

function forward(
  input: Tensor,
  { scale, offset, runningMean, runningVariance }: BatchNormParameters,
  epsilon: number,
  usesBatchStatistics: boolean,
  momentum: number,
): BatchNormResult {
  const attributes = [
    ...DTYPES(),
    attribute('epsilon', 'FLOAT', epsilon),
    attribute('exponential_avg_factor', 'FLOAT', momentum),
    attribute('is_training', 'BOOL', usesBatchStatistics),
  ];
  const inputs = [input, scale, offset, runningMean, runningVariance];
  const [output, mean, variance, ...reserves] = execute('FusedBatchNormV3', attributes, inputs, 6);
  if (output === undefined || mean === undefined || variance === undefined) {
    throw new Error('FusedBatchNormV3 returned too little');
  }
  return { output, runningMean: mean, runningVariance: variance, reserves };
}
