import type { ParameterSpec } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import type { Tensor } from '../device/backend.js';
import type { BlockOptimizer } from './block-optimizer.js';
import { toDeviceAsIs, toHostAsIs } from '../device/host-tensors.js';
import { tensorNamed } from '../device/named-tensors.js';
import { LowRankChange } from './low-rank-change.js';

/** The low-rank changes of a model's weights; their matrices are variables of its optimizer, and freed with it. */
export class LowRankChanges {
  /** The changes by the name of the weight that is changed. */
  private readonly changes = new Map<string, LowRankChange>();

  constructor(private readonly optimizer: BlockOptimizer) {}

  /** Begins the change of a weight, which learns at its block's rate; `seed` as in `LowRankChange.start`. */
  add(weight: ParameterSpec, size: { readonly rank: number; readonly alpha: number }, seed: number): void {
    const change = new LowRankChange(weight, size);
    const { a, b } = change.start(seed);
    for (const [name, host] of [[change.aName, a] as const, [change.bName, b] as const]) {
      const tensor = toDeviceAsIs(host);
      this.optimizer.add(name, tensor, weight.blockIndex);
      tensor.dispose();
    }
    this.changes.set(weight.name, change);
  }

  /** The changed weights. Ops only, so that it can be traced. @param weight Looks the unchanged ones up. */
  *applied(weight: (name: string) => Tensor, variables: ReadonlyMap<string, Tensor>): Generator<[string, Tensor]> {
    for (const [name, change] of this.changes) {
      yield [name, change.applied(weight(name), ...matricesOf(change, variables))];
    }
  }

  /**
   * The gradients of a weight's matrices, by name; the gradient itself for what is not changed. Ops only, so that it can be
   * traced.
   *
   * @param gradient Taken over.
   * @param variables What `optimizer.read` returned.
   */
  gradients(
    name: string,
    gradient: Tensor,
    variables: ReadonlyMap<string, Tensor>,
  ): [name: string, gradient: Tensor][] {
    const change = this.changes.get(name);
    if (change === undefined) return [[name, gradient]];
    const { a, b } = change.gradients(gradient, ...matricesOf(change, variables));
    gradient.dispose();
    return [
      [change.aName, a],
      [change.bName, b],
    ];
  }

  /** Copies of all matrices, by name. */
  *toHost(variables: ReadonlyMap<string, Tensor>): Generator<[string, ReturnType<typeof toHostAsIs>]> {
    for (const name of this.matrixNames()) yield [name, toHostAsIs(tensorNamed(variables, name))];
  }

  /** Sets all matrices to such copies. */
  restore(weights: Weights): void {
    for (const name of this.matrixNames()) {
      const tensor = toDeviceAsIs(tensorNamed(weights, name));
      this.optimizer.assign(name, tensor);
      tensor.dispose();
    }
  }

  private matrixNames(): string[] {
    return [...this.changes.values()].flatMap(({ aName, bName }) => [aName, bName]);
  }
}

/** A and B. */
const matricesOf = (
  { aName, bName }: LowRankChange,
  variables: ReadonlyMap<string, Tensor>,
): [a: Tensor, b: Tensor] => [tensorNamed(variables, aName), tensorNamed(variables, bName)];
