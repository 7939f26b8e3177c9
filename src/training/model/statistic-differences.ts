import type { NetworkDefinition } from '../../networks/network.js';
import { type ParameterSpec, parameterSpecs } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';

/** The running mean or variance of one layer. */
interface RunningStatistic extends Pick<ParameterSpec, 'name' | 'blockIndex'> {
  readonly values: Float32Array;
}

/** Tells where models have other running statistics than a first one: where the training of either has moved them. */
export class StatisticDifferences {
  private readonly statistics: readonly RunningStatistic[];

  /** @param first The whole state, in torch layout; of it the statistics alone are kept. */
  constructor(network: NetworkDefinition, first: Weights) {
    const moving = parameterSpecs(network, 1).filter(({ isBuffer, isIdle }) => isBuffer && !isIdle);
    this.statistics = moving.map(({ name, blockIndex }) => ({
      name,
      blockIndex,
      values: Float32Array.from(first.get(name)?.data ?? []),
    }));
  }

  /** The indices of the blocks in which a statistic of a model is another than the first's. */
  blocksOf(model: Weights): Set<number> {
    const differing = this.statistics.filter(({ name, values }) => {
      const found = model.get(name)?.data;
      return values.some((value, channel) => value !== found?.[channel]);
    });
    return new Set(differing.map(({ blockIndex }) => blockIndex));
  }
}
