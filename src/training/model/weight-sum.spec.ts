import { describe, expect, it } from 'vitest';
import { differingTensors } from '../../../test/fixtures/training.js';
import { tinyWeights } from '../../../test/fixtures/tiny-network.js';
import type { Weights } from '../../networks/weights.js';
import { WeightSum } from './weight-sum.js';

const weights = (...values: number[]): Weights =>
  new Map([['w', { dtype: 'F32', shape: [values.length], data: Float32Array.from(values) }]]);
const valuesOf = (found: Weights) => [...(found.get('w')?.data ?? [])];

describe('WeightSum', () => {
  it('gives the mean of its members, and that with one more, which is not taken in', () => {
    const sum = new WeightSum(weights(1, -2));
    sum.add(weights(3, 0));
    expect(valuesOf(sum.meanWith(weights(5, 5)))).toEqual([3, 1]);
    expect(valuesOf(sum.mean())).toEqual([2, -1]);
  });

  it('adds in float64 and rounds once: in float32 the small members would be lost', () => {
    const [large, small] = [2 ** 24, 1];
    const sum = new WeightSum(weights(large));
    for (let member = 0; member < 3; member++) sum.add(weights(small));
    expect(valuesOf(sum.mean())).toEqual([Math.fround((large + 3) / 4)]);
    expect(valuesOf(sum.mean())).not.toEqual([large / 4]);
  });

  it('gives equal members back to the bit, sixteen of them too', () => {
    const sum = new WeightSum(tinyWeights());
    for (let member = 1; member < 16; member++) sum.add(tinyWeights());
    expect(differingTensors(sum.mean(), tinyWeights())).toEqual([]);
    expect(differingTensors(sum.meanWith(tinyWeights()), tinyWeights())).toEqual([]);
    expect([...sum.mean().keys()]).toEqual([...tinyWeights().keys()]);
  });

  it('leaves its members as they are', () => {
    const member = weights(1);
    const sum = new WeightSum(member);
    sum.add(weights(3));
    sum.mean();
    expect(valuesOf(member)).toEqual([1]);
  });

  it('refuses a member without one of its tensors', () => {
    expect(() => new WeightSum(weights(1)).add(new Map())).toThrow('a member has no tensor w');
  });
});
