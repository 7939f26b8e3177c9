import { describe, expect, it } from 'vitest';
import { tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import type { Weights } from '../../networks/weights.js';
import { StatisticDifferences } from './statistic-differences.js';

/** The tiny weights with the last value of a tensor moved. */
function moved(name: string): Weights {
  const weights = tinyWeights();
  const data = weights.get(name)?.data ?? new Float32Array();
  data[data.length - 1] = (data.at(-1) ?? 0) + 1e-3;
  return weights;
}

describe('StatisticDifferences', () => {
  const differences = new StatisticDifferences(tinyNetwork, tinyWeights());

  it('finds none between equal models', () => {
    expect(differences.blocksOf(tinyWeights())).toEqual(new Set());
  });

  it.each([
    ['norm.running_mean', 0],
    ['spatial_norm.running_var', 1],
    ['expand_norm.running_mean', 2],
  ])('finds the block in which %s has moved', (name, block) => {
    expect(differences.blocksOf(moved(name))).toEqual(new Set([block]));
  });

  it('does not look at what a gradient moves', () => {
    expect(differences.blocksOf(moved('norm.weight'))).toEqual(new Set());
    expect(differences.blocksOf(moved('stem.weight'))).toEqual(new Set());
  });
});
