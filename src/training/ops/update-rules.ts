import { type Tensor, tf } from '../device/backend.js';
import { add, attribute, execute, multiply, typeAttribute } from './kernels.js';
import { decreaseVariable, readVariable, type Variable } from './resource-variables.js';

/** How gradients move parameters; all as torch's optimizer of that name. */
export type OptimizerSettings =
  /** `weightDecay` times the parameter is added to its gradient. */
  | { readonly type: 'ADAM'; readonly weightDecay: number }
  /** Parameters first shrink by rate times `weightDecay` (arXiv 1711.05101). */
  | { readonly type: 'ADAMW'; readonly weightDecay: number }
  /** SGD without dampening or Nesterov; `weightDecay` as in ADAM. */
  | { readonly type: 'SGD'; readonly weightDecay: number; readonly momentum: number };

/** A rule for one kind of optimizer. */
export interface UpdateRule {
  /** The number of tensors of a variable's shape that are kept with it, zeros at first. */
  readonly slotCount: number;
  /** What changes with the step alone. @param step From 1. */
  readonly numbers: (step: number) => readonly number[];
  /** Moves one variable. Ops only, so that it can be traced. */
  readonly update: (update: VariableUpdate) => void;
}

/** All tensors stay the caller's. */
export interface VariableUpdate {
  readonly value: Variable;
  readonly slots: readonly Variable[];
  /** float32, in the variable's shape */
  readonly gradient: Tensor;
  /** Scalar */
  readonly rate: Tensor;
  /** The numbers of `UpdateRule.numbers`, as scalars. */
  readonly numbers: readonly Tensor[];
}

const BETA_1 = 0.9;
const BETA_2 = 0.999;
/** torch's: beside the square root of the *corrected* second moment. */
const EPSILON = 1e-8;

/** The rule that the settings ask for. */
export function updateRule(settings: OptimizerSettings): UpdateRule {
  const { weightDecay } = settings;
  switch (settings.type) {
    case 'ADAM':
      return { ...ADAM, update: (update) => adam({ ...update, gradient: withDecay(update, weightDecay) }) };
    case 'ADAMW':
      return { ...ADAM, update: (update) => adamW(update, weightDecay) };
    case 'SGD':
      return {
        slotCount: 1,
        numbers: () => [],
        update: (update) =>
          momentum({ ...update, gradient: withDecay(update, weightDecay) }, tf.scalar(settings.momentum)),
      };
  }
}

/**
 * TensorFlow's op adds epsilon to the *uncorrected* root, so it is given epsilon * sqrt(1 - beta2^step), which makes it
 * equal to torch's.
 */
const ADAM = {
  slotCount: 2,
  numbers: (step: number) => {
    const beta2Power = BETA_2 ** step;
    return [BETA_1 ** step, beta2Power, EPSILON * Math.sqrt(1 - beta2Power)];
  },
};

function adam({ value, slots, gradient, rate, numbers: [beta1Power, beta2Power, epsilon] }: VariableUpdate): void {
  if (beta1Power === undefined || beta2Power === undefined || epsilon === undefined) throw new Error('no numbers');
  const [beta1, beta2] = [tf.scalar(BETA_1), tf.scalar(BETA_2)];
  const inputs = [value, ...slots, beta1Power, beta2Power, rate, beta1, beta2, epsilon, gradient];
  execute('ResourceApplyAdam', [typeAttribute('T', 'float32')], inputs, 0);
}

function adamW(update: VariableUpdate, weightDecay: number): void {
  const { value, rate } = update;
  if (weightDecay > 0) {
    decreaseVariable(value, multiply(multiply(rate, tf.scalar(weightDecay)), readVariable(value)));
  }
  adam(update);
}

function momentum({ value, slots, gradient, rate }: VariableUpdate, factor: Tensor): void {
  const attributes = [typeAttribute('T', 'float32'), attribute('use_nesterov', 'BOOL', false)];
  execute('ResourceApplyMomentum', attributes, [value, ...slots, rate, gradient, factor], 0);
}

function withDecay({ value, gradient }: VariableUpdate, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : add(gradient, multiply(readVariable(value), tf.scalar(weightDecay)));
}
