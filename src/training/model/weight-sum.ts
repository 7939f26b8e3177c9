import type { HostTensor } from '../../formats/safetensors.js';
import type { Weights } from '../../networks/weights.js';

/** The sum of a tensor over the members. */
interface TensorSum {
  readonly shape: HostTensor['shape'];
  readonly data: Float64Array;
}

/**
 * The sum of the states of several models, from which their mean follows.
 *
 * It is taken in float64, in the order in which the members come, and a mean is rounded once, to float32: the same members
 * in the same order give the same bits, and the mean of equal members is that member to the bit.
 */
export class WeightSum {
  private readonly sums: ReadonlyMap<string, TensorSum>;
  private memberCount = 1;

  /** @param first The first member, whose tensors say the names, shapes and order of all; not changed, and not kept. */
  constructor(first: Weights) {
    this.sums = new Map(
      Array.from(first, ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
    );
  }

  /** Takes a member in. @param member Has the tensors of the first; not changed, and not kept. */
  add(member: Weights): void {
    for (const [name, { data }] of this.sums) {
      const values = valuesOf(member, name);
      for (let index = 0; index < data.length; index++) data[index] = (data[index] ?? NaN) + (values[index] ?? NaN);
    }
    this.memberCount += 1;
  }

  /** The mean of the members, in new tensors. */
  mean(): Map<string, HostTensor> {
    return this.means((sum, _name, mean) => {
      for (let index = 0; index < sum.length; index++) mean[index] = (sum[index] ?? NaN) / this.memberCount;
    });
  }

  /** The mean of the members and of one that is not taken in, in new tensors. */
  meanWith(further: Weights): Map<string, HostTensor> {
    const memberCount = this.memberCount + 1;
    return this.means((sum, name, mean) => {
      const values = valuesOf(further, name);
      for (let index = 0; index < sum.length; index++) {
        mean[index] = ((sum[index] ?? NaN) + (values[index] ?? NaN)) / memberCount;
      }
    });
  }

  private means(fill: (sum: Float64Array, name: string, mean: Float32Array) => void): Map<string, HostTensor> {
    return new Map(
      Array.from(this.sums, ([name, { shape, data }]) => {
        const mean = new Float32Array(data.length);
        fill(data, name, mean);
        return [name, { dtype: 'F32', shape, data: mean }];
      }),
    );
  }
}

function valuesOf(weights: Weights, name: string): Float32Array {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`a member has no tensor ${name}`);
  return tensor.data;
}
