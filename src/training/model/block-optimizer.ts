import { elementCount } from '../../networks/parameters.js';
import { type Tensor, tf } from '../device/backend.js';
import {
  assignVariable,
  createVariable,
  destroyVariable,
  readVariable,
  type Variable,
} from '../ops/resource-variables.js';
import { type OptimizerSettings, type UpdateRule, updateRule } from '../ops/update-rules.js';

/** What is trained, with what its rule keeps of it. */
interface Trained {
  /** Index of its rate. */
  readonly group: number;
  readonly shape: readonly number[];
  readonly value: Variable;
  readonly slots: readonly Variable[];
}

/** Where an optimizer stands, in this process's memory. */
export interface OptimizerSnapshot {
  readonly stepCount: number;
  /** The slots of each parameter, by its name, in the rule's order and TensorFlow's layout. */
  readonly slots: ReadonlyMap<string, readonly Float32Array[]>;
}

/**
 * An optimizer with one learning rate per group, such as a block, on TensorFlow's resource variables. Its handles are no tensors that
 * `tf.tidy` may see: add outside of it, and `dispose`.
 */
export class BlockOptimizer {
  private readonly trained = new Map<string, Trained>();
  private readonly rule: UpdateRule;
  private stepCount = 0;

  constructor(private readonly settings: OptimizerSettings) {
    this.rule = updateRule(settings);
  }

  /** What is trained, in the order of `handles`. */
  get names(): string[] {
    return [...this.trained.keys()];
  }

  /** How many numbers are trained. */
  get parameterCount(): number {
    return [...this.trained.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  }

  /** The trained variables. */
  get handles(): Variable[] {
    return [...this.trained.values()].map(({ value }) => value);
  }

  /** What `update` moves beside `handles`. */
  get slotHandles(): Variable[] {
    return [...this.trained.values()].flatMap(({ slots }) => slots);
  }

  /** Makes `name` trainable at the rate of a group, from 0, starting at `initial`, which stays the caller's. */
  add(name: string, initial: Tensor, group: number): void {
    const zeros = tf.zerosLike(initial);
    const slots = Array.from({ length: this.rule.slotCount }, () => createVariable(zeros));
    zeros.dispose();
    this.trained.set(name, { group, shape: initial.shape, value: createVariable(initial), slots });
  }

  /** Sets a variable to `value`, which stays the caller's. */
  assign(name: string, value: Tensor): void {
    const trained = this.trained.get(name);
    if (trained === undefined) throw new Error(`${name} is not trained`);
    assignVariable(trained.value, value);
  }

  /** The current values by name, as `readVariable` gives them. */
  read(): Map<string, Tensor> {
    return new Map([...this.trained].map(([name, { value }]) => [name, readVariable(value)]));
  }

  /**
   * Begins a step: the numbers that differ from step to step, as scalars that `update` takes. A trace that made them
   * itself would keep those of the first step.
   *
   * @param learningRates One per group.
   * @returns The caller disposes them.
   */
  nextNumbers(learningRates: readonly number[]): Tensor[] {
    this.stepCount += 1;
    return [...this.rule.numbers(this.stepCount), ...learningRates].map((number) => tf.scalar(number));
  }

  /**
   * Moves every variable down its gradient. Ops only, so that it can be traced.
   *
   * @param gradients One for each variable, in its shape; stay the caller's.
   * @param numbers The result of `nextNumbers`; they stay the caller's.
   */
  update(gradients: ReadonlyMap<string, Tensor>, numbers: readonly Tensor[]): void {
    const ruleNumberCount = this.rule.numbers(1).length;
    tf.tidy(() => {
      for (const [name, { group, value, slots }] of this.trained) {
        const gradient = gradients.get(name);
        const rate = numbers[ruleNumberCount + group];
        if (gradient === undefined || rate === undefined) throw new Error(`no gradient or no rate for ${name}`);
        this.rule.update({ value, slots, gradient, rate, numbers: numbers.slice(0, ruleNumberCount) });
      }
    });
  }

  /** Another optimizer that stands where this one does, values included; the caller disposes it. */
  copy(): BlockOptimizer {
    const copy = new BlockOptimizer(this.settings);
    for (const [name, { group, shape, value, slots }] of this.trained) {
      copy.trained.set(name, { group, shape, value: copyOf(value), slots: slots.map(copyOf) });
    }
    copy.stepCount = this.stepCount;
    return copy;
  }

  /** Copies where it stands, without the values. */
  snapshot(): OptimizerSnapshot {
    const slots = [...this.trained].map(([name, trained]) => [name, trained.slots.map(toHost)] as const);
    return { stepCount: this.stepCount, slots: new Map(slots) };
  }

  /** Forgets all steps, as a new optimizer of the present values. */
  reset(): void {
    this.stepCount = 0;
    for (const { shape, slots } of this.trained.values()) {
      for (const slot of slots) fill(slot, new Float32Array(elementCount(shape)), shape);
    }
  }

  /** Goes on from a snapshot of an optimizer with the same variables. */
  restore({ stepCount, slots }: OptimizerSnapshot): void {
    this.stepCount = stepCount;
    for (const [name, trained] of this.trained) {
      const values = slots.get(name);
      if (values?.length !== trained.slots.length) throw new Error(`the snapshot lacks slots of ${name}`);
      trained.slots.forEach((slot, index) => fill(slot, values[index] ?? new Float32Array(), trained.shape));
    }
  }

  /** Frees the variables and their slots. */
  dispose(): void {
    for (const { value, slots } of this.trained.values()) [value, ...slots].forEach(destroyVariable);
    this.trained.clear();
  }
}

function copyOf(variable: Variable): Variable {
  const value = readVariable(variable);
  const copy = createVariable(value);
  value.dispose();
  return copy;
}

function toHost(variable: Variable): Float32Array {
  const value = readVariable(variable);
  const data = Float32Array.from(value.dataSync());
  value.dispose();
  return data;
}

function fill(variable: Variable, data: Float32Array, shape: readonly number[]): void {
  const value = tf.tensor(data, [...shape], 'float32');
  assignVariable(variable, value);
  value.dispose();
}
