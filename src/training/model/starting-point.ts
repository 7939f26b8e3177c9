import type { Technique } from '../../methods/method-table.js';
import { type Tensor, tf } from '../device/backend.js';
import { named, tensorNamed } from '../device/named-tensors.js';
import { add, multiply, subtract } from '../ops/kernels.js';

/** A technique that draws weights back to where they began. */
export type StartingPointTechnique = Extract<Technique, { type: 'L2_SP' | 'L1_SP' }>;

/**
 * What draws weights back in each step (arXiv 1802.01483): those kept here to where they began, all others to 0. Dispose it.
 *
 * The classifier is never kept, also where its class count let it be taken over: it is the part that the paper calls new.
 */
export class StartingPoint {
  private readonly starts = new Map<string, Tensor>();

  constructor(private readonly technique: StartingPointTechnique) {}

  /** Takes over the tensor that `name` begins with. */
  keep(name: string, start: Tensor): void {
    this.starts.set(name, start);
  }

  /** What `pulled` uses beside its arguments. */
  get tensors(): Tensor[] {
    return [...this.starts.values()];
  }

  /**
   * The gradients of the loss with its penalty: alpha / 2 times the squared distance from the start, or alpha times the
   * distance of each weight; and beta / 2 times the squares of all others. Ops only, so that it can be traced.
   *
   * @param gradients The gradients of the loss alone; they stay the caller's.
   * @param values Under the same names; stay the caller's.
   * @returns New tensors, which the caller disposes.
   */
  pulled(gradients: ReadonlyMap<string, Tensor>, values: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
    const names = [...gradients.keys()];
    const pulled = tf.tidy(() =>
      names.map((name) => {
        const penalty = this.penaltyGradient(tensorNamed(values, name), this.starts.get(name));
        return add(tensorNamed(gradients, name), penalty);
      }),
    );
    return named(names, pulled);
  }

  dispose(): void {
    tf.dispose([...this.starts.values()]);
    this.starts.clear();
  }

  private penaltyGradient(value: Tensor, start: Tensor | undefined): Tensor {
    const { type, alpha, beta } = this.technique;
    if (start === undefined) return multiply(value, tf.scalar(beta));
    const distance = subtract(value, start);
    return multiply(type === 'L2_SP' ? distance : tf.sign(distance), tf.scalar(alpha));
  }
}

/** Undefined for a technique that draws nothing back. */
export function startingPointOf(technique: Technique): StartingPoint | undefined {
  return technique.type === 'L2_SP' || technique.type === 'L1_SP' ? new StartingPoint(technique) : undefined;
}
