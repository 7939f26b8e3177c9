import type { Tensor } from '../device/backend.js';
import { type ChannelStatistics, channelStatistics, joinedStatistics } from '../ops/channel-statistics.js';

/**
 * The batch statistics of images that more than one BatchNorm takes, each computed once in a pass. They are tensors of the
 * surrounding tidy.
 */
export class SharedStatistics {
  private readonly known = new WeakMap<Tensor, ChannelStatistics>();

  /** The statistics of these images, if anything has shared them. */
  of(images: Tensor): ChannelStatistics | undefined {
    return this.known.get(images);
  }

  /** Computes the statistics of these images for all that take them. */
  share(images: Tensor): ChannelStatistics {
    const statistics = this.known.get(images) ?? channelStatistics(images);
    this.known.set(images, statistics);
    return statistics;
  }

  /** The statistics of images side by side along the channels. */
  joined(parts: readonly Tensor[]): ChannelStatistics {
    return joinedStatistics(parts.map((images) => this.share(images)));
  }

  /** Shares statistics that are known already. */
  keep(images: Tensor, statistics: ChannelStatistics): void {
    this.known.set(images, statistics);
  }
}
