import { describe, expect, it } from 'vitest';
import { type Tensor, tf } from '../device/backend.js';
import { type BatchNormResult, batchNormWithBatchStatistics, batchNormWithRunningStatistics } from './batch-norm.js';
import { channelStatistics } from './channel-statistics.js';

const EPSILON = 1e-3;
const MOMENTUM = 0.1;
const SHAPE = [2, 3, 5, 4];
const CHANNELS = 4;
const COUNT = 2 * 3 * 5;

describe('BatchNorm', () => {
  it.each([
    ['with batch statistics', false],
    ['with batch statistics that are known', true],
  ])('%s normalises, and moves the running statistics', (_, isKnown) =>
    within(({ input, parameters }) => {
      const settings = { epsilon: EPSILON, momentum: MOMENTUM };
      const known = isKnown ? channelStatistics(input) : undefined;
      const found = batchNormWithBatchStatistics(input, parameters, settings, known);
      expectClose(found, expected(input, parameters));
    }),
  );

  it.each([undefined, 'relu' as const, 'relu6' as const])('with running statistics normalises, then %s', (activation) =>
    within(({ input, parameters }) => {
      const found = batchNormWithRunningStatistics(input, parameters, { epsilon: EPSILON }, activation);
      const { runningMean, runningVariance, ...rest } = parameters;
      const all = { ...rest, mean: numbers(runningMean), variance: numbers(runningVariance) };
      expectNumbers(found, normalised(input, all, activation));
    }),
  );
});

interface Parameters {
  readonly scale: Tensor;
  readonly offset: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

function within(body: (given: { input: Tensor; parameters: Parameters }) => void): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const uniform = (seed: number, min: number) => tf.randomUniform([CHANNELS], min, 4, 'float32', seed);
    const parameters = {
      scale: uniform(1, 0.5),
      offset: uniform(2, -4),
      runningMean: uniform(3, -4),
      runningVariance: uniform(4, 0.5),
    };
    body({ input: tf.randomNormal(SHAPE, 3, 2, 'float32', 5), parameters });
  });
  expect(tf.memory().numTensors).toBe(before);
}

/** In float64, torch's rules: the biased variance normalises, the unbiased one moves the running variance. */
function expected(input: Tensor, parameters: Parameters) {
  const values = numbers(input);
  const ofChannel = (channel: number) => values.filter((_, index) => index % CHANNELS === channel);
  const channels = Array.from({ length: CHANNELS }, (_, channel) => ofChannel(channel));
  const mean = channels.map((found) => found.reduce((sum, value) => sum + value, 0) / COUNT);
  const variance = channels.map(
    (found, channel) => found.reduce((sum, value) => sum + (value - (mean[channel] ?? NaN)) ** 2, 0) / COUNT,
  );
  const moved = (running: Tensor, batch: readonly number[]) =>
    numbers(running).map((value, channel) => (1 - MOMENTUM) * value + MOMENTUM * (batch[channel] ?? NaN));
  return {
    output: normalised(input, { ...parameters, mean, variance }),
    runningMean: moved(parameters.runningMean, mean),
    runningVariance: moved(
      parameters.runningVariance,
      variance.map((value) => (value * COUNT) / (COUNT - 1)),
    ),
  };
}

function normalised(
  input: Tensor,
  given: Pick<Parameters, 'scale' | 'offset'> & { readonly mean: number[]; readonly variance: number[] },
  activation?: 'relu' | 'relu6',
): number[] {
  const [scale, offset] = [numbers(given.scale), numbers(given.offset)];
  return numbers(input).map((value, index) => {
    const channel = index % CHANNELS;
    const at = (list: readonly number[]) => list[channel] ?? NaN;
    const normal = ((value - at(given.mean)) / Math.sqrt(at(given.variance) + EPSILON)) * at(scale) + at(offset);
    if (activation === undefined) return normal;
    return Math.min(Math.max(normal, 0), activation === 'relu' ? Infinity : 6);
  });
}

function expectClose(found: BatchNormResult, numbersExpected: ReturnType<typeof expected>): void {
  expectNumbers(found.output, numbersExpected.output);
  expectNumbers(found.runningMean, numbersExpected.runningMean);
  expectNumbers(found.runningVariance, numbersExpected.runningVariance);
}

function expectNumbers(found: Tensor, wanted: readonly number[]): void {
  const worst = numbers(found).map((value, index) => Math.abs(value - (wanted[index] ?? NaN)));
  expect(worst).toHaveLength(wanted.length);
  expect(Math.max(...worst)).toBeLessThan(2e-5);
}

const numbers = (tensor: Tensor): number[] => [...tensor.dataSync<'float32'>()];
