import { type Tensor, tf } from './backend.js';
import { attribute, execute, execute1, typeAttribute } from './kernels.js';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
/** torch's: beside the square root of the *corrected* second moment. */
const EPSILON = 1e-8;
/**
 * Asks TensorFlow for a fresh name (`ResourceHandle::ANONYMOUS_NAME`). With names of our own it would keep a kernel for
 * each variable there ever was: 0.7 MB a trial of EfficientNet-Lite0.
 */
const ANONYMOUS_NAME = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

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
    tf.tidy(() => {
      const shared = [beta1Power, beta2Power].map((value) => tf.scalar(value));
      const constants = [BETA_1, BETA_2, epsilon].map((value) => tf.scalar(value));
      const rates = learningRates.map((rate) => tf.scalar(rate));
      for (const [name, { blockIndex, value, firstMoment, secondMoment }] of this.variables) {
        const gradient = gradients.get(name);
        const rate = rates[blockIndex];
        if (gradient === undefined || rate === undefined) throw new Error(`no gradient or learning rate for ${name}`);
        const inputs = [value, firstMoment, secondMoment, ...shared, rate, ...constants, gradient];
        execute('ResourceApplyAdam', [typeAttribute('T', 'float32')], inputs, 0);
      }
    });
  }

  /** Frees the variables and their moments. */
  dispose(): void {
    for (const { value, firstMoment, secondMoment } of this.variables.values()) {
      for (const handle of [value, firstMoment, secondMoment]) {
        // Disposing a handle alone leaves the variable in TensorFlow's resource manager.
        execute('DestroyResourceOp', [attribute('ignore_lookup_error', 'BOOL', true)], [handle], 0);
        handle.dispose();
      }
    }
    this.variables.clear();
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
