import { type Tensor, tf } from '../device/backend.js';
import { channelSums, concatChannels, multiply, squaredDifference } from './kernels.js';

/** What a batch of images has in each channel, float32 [channels]; the caller disposes it. */
export interface ChannelStatistics {
  readonly mean: Tensor;
  /** The mean squared distance from `mean`: the biased variance. */
  readonly variance: Tensor;
}

/** The statistics of images, in two passes over them. */
export function channelStatistics(images: Tensor): ChannelStatistics {
  return tf.tidy(() => {
    const share = tf.scalar(1 / pixelCount(images));
    const mean = multiply(channelSums(images), share);
    return { mean, variance: multiply(channelSums(squaredDifference(images, mean)), share) };
  });
}

/** The statistics of images that lie side by side along the channels, from those of each; the parts stay the caller's. */
export function joinedStatistics(parts: readonly ChannelStatistics[]): ChannelStatistics {
  return {
    mean: concatChannels(parts.map(({ mean }) => mean)),
    variance: concatChannels(parts.map(({ variance }) => variance)),
  };
}

/** The pixels that each channel has, in all images together. */
export const pixelCount = ({ size, shape }: Tensor): number => size / (shape.at(-1) ?? 1);
