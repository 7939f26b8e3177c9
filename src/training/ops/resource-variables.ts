import { type Tensor, tf } from '../device/backend.js';
import { attribute, execute, execute1, typeAttribute } from './kernels.js';

/**
 * Asks TensorFlow for a fresh name (`ResourceHandle::ANONYMOUS_NAME`). With names of our own it would keep a kernel for
 * each variable there ever was: 0.7 MB a trial of EfficientNet-Lite0.
 */
const ANONYMOUS_NAME = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/** A variable's handle: a tensor that only a variable's ops can use, and that `tf.tidy` must not see. */
export type Variable = Tensor;

/** Makes a float32 variable; destroy it with `destroyVariable`. @param initial Stays the caller's. */
export function createVariable(initial: Tensor): Variable {
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

/**
 * The variable's value, which the caller disposes, before the next update: the two share memory, and while this lives an
 * update has to copy it.
 */
export function readVariable(variable: Variable): Tensor {
  return execute1('ReadVariableOp', [typeAttribute('dtype', 'float32')], [variable]);
}

/** Sets the variable to `value`, which stays the caller's. */
export function assignVariable(variable: Variable, value: Tensor): void {
  execute('AssignVariableOp', [typeAttribute('dtype', 'float32')], [variable, value], 0);
}

/** Subtracts `value`, which stays the caller's. */
export function decreaseVariable(variable: Variable, value: Tensor): void {
  execute('AssignSubVariableOp', [typeAttribute('dtype', 'float32')], [variable, value], 0);
}

/** Frees the variable: disposing its handle alone would leave it in TensorFlow's resource manager. */
export function destroyVariable(variable: Variable): void {
  execute('DestroyResourceOp', [attribute('ignore_lookup_error', 'BOOL', true)], [variable], 0);
  tf.dispose(variable);
}
