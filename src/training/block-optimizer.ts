import { type Tensor, tf } from './backend.js';
import { attribute, execute, execute1, typeAttribute } from './kernels.js';
import type { TracedFunctions } from './traced-functions.js';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
/** torch's: beside the square root of the *corrected* second moment. */
const EPSILON = 1e-8;
/**
 * Asks TensorFlow for a fresh name (`ResourceHandle::ANONYMOUS_NAME`). With names of our own it would keep a kernel for
 * each variable there ever was: 0.7 MB a trial of EfficientNet-Lite0.
 */
const ANONYMOUS_NAME = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/** What is trained, with the state that Adam keeps of it; all three are handles. */
interface Variable {
  readonly blockIndex: number;
  readonly value: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/**
 * Adam with one learning rate per block, on TensorFlow's resource variables.
 *
 * Equal to torch's Adam (no decay): TensorFlow's op adds epsilon to the *uncorrected* root, so it is given
 * epsilon * sqrt(1 - beta2^step). Its handles are no tensors that `tf.tidy` may see: call outside of it, and `dispose`.
 */
export class BlockOptimizer {
  private readonly variables = new Map<string, Variable>();
  private stepCount = 0;

  /** @param functions Run the steps; stay the caller's. */
  constructor(private readonly functions: TracedFunctions) {}

  /** What is trained, in the order of `handles`. */
  get names(): string[] {
    return [...this.variables.keys()];
  }

  /** The variables, as tensors that only a variable's ops can use. */
  get handles(): Tensor[] {
    return [...this.variables.values()].map(({ value }) => value);
  }

  /** Makes `name` trainable, starting at `initial`, which stays the caller's. */
  add(name: string, initial: Tensor, blockIndex: number): void {
    const zeros = tf.zerosLike(initial);
    this.variables.set(name, {
      blockIndex,
      value: createVariable(initial),
      firstMoment: createVariable(zeros),
      secondMoment: createVariable(zeros),
    });
    zeros.dispose();
  }

  /**
   * The current values by name; the caller disposes them, before `apply`: they share the variables' memory, and while
   * they live the update has to copy it.
   */
  read(): Map<string, Tensor> {
    return new Map(
      [...this.variables].map(([name, { value }]) => [
        name,
        execute1('ReadVariableOp', [typeAttribute('dtype', 'float32')], [value]),
      ]),
    );
  }

  /**
   * One step down the gradients.
   *
   * @param gradients One for each variable, in its shape; stay the caller's.
   * @param learningRates One per block.
   */
  apply(gradients: ReadonlyMap<string, Tensor>, learningRates: readonly number[]): void {
    this.stepCount += 1;
    const beta1Power = BETA_1 ** this.stepCount;
    const beta2Power = BETA_2 ** this.stepCount;
    const epsilon = EPSILON * Math.sqrt(1 - beta2Power);
    const updates = [...this.variables].map(([name, variable]) => {
      const gradient = gradients.get(name);
      if (gradient === undefined) throw new Error(`no gradient for ${name}`);
      return { ...variable, gradient };
    });
    tf.tidy(() => {
      // Numbers that change from step to step: arguments, or a trace would keep those of the first.
      const numbers = {
        beta1Power: tf.scalar(beta1Power),
        beta2Power: tf.scalar(beta2Power),
        epsilon: tf.scalar(epsilon),
        rates: learningRates.map((rate) => tf.scalar(rate)),
      };
      const tensors = updates.flatMap((update) => [...handlesOf(update), update.gradient]);
      const { rates, ...shared } = numbers;
      this.functions.run('Adam', [...Object.values(shared), ...rates, ...tensors], () => {
        adam(updates, numbers);
        return [];
      });
    });
  }

  /** Frees the variables and their moments. */
  dispose(): void {
    for (const variable of this.variables.values()) {
      for (const handle of handlesOf(variable)) {
        // Disposing a handle alone leaves the variable in TensorFlow's resource manager.
        execute('DestroyResourceOp', [attribute('ignore_lookup_error', 'BOOL', true)], [handle], 0);
        handle.dispose();
      }
    }
    this.variables.clear();
  }
}

const handlesOf = ({ value, firstMoment, secondMoment }: Variable) => [value, firstMoment, secondMoment];

interface AdamNumbers {
  readonly beta1Power: Tensor;
  readonly beta2Power: Tensor;
  readonly epsilon: Tensor;
  /** One per block. */
  readonly rates: readonly Tensor[];
}

function adam(
  updates: readonly (Variable & { readonly gradient: Tensor })[],
  { beta1Power, beta2Power, epsilon, rates }: AdamNumbers,
): void {
  const [beta1, beta2] = [tf.scalar(BETA_1), tf.scalar(BETA_2)];
  for (const update of updates) {
    const rate = rates[update.blockIndex];
    if (rate === undefined) throw new Error(`no learning rate for block ${update.blockIndex}`);
    const inputs = [...handlesOf(update), beta1Power, beta2Power, rate, beta1, beta2, epsilon, update.gradient];
    execute('ResourceApplyAdam', [typeAttribute('T', 'float32')], inputs, 0);
  }
}

function createVariable(initial: Tensor): Tensor {
  const handle = execute1(
    'VarHandleOp',
    [
      attribute('container', 'STRING', ''),
      attribute('shared_name', 'STRING', ANONYMOUS_NAME),
      typeAttribute('dtype', 'float32'),
      attribute('shape', 'SHAPE', initial.shape),
    ],
    [],
  );
  execute('AssignVariableOp', [typeAttribute('dtype', 'float32')], [handle, initial], 0);
  return handle;
}
