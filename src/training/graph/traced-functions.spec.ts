import { afterAll, describe, expect, it } from 'vitest';
import {
  nativeFunctionCount,
  nativeTensorCount,
  nodeBackend,
  type Tensor,
  tf,
  tracingBinding,
} from '../device/backend.js';
import { BlockOptimizer } from '../model/block-optimizer.js';
import { execute1, typeAttribute } from '../ops/kernels.js';
import {
  assignVariable,
  createVariable,
  decreaseVariable,
  destroyVariable,
  readVariable,
} from '../ops/resource-variables.js';
import { TracedFunctions } from './traced-functions.js';

describe('TracedFunctions', () => {
  const library = new TracedFunctions('TRACED');
  const functions = library.enter('tests');
  afterAll(() => {
    functions.leave();
    library.dispose();
  });

  /** What three calls of one function give. */
  const thrice = (name: string, body: (x: Tensor) => Tensor) =>
    [1, 2, 3].map((value) =>
      tf.tidy(() => {
        const x = tf.tensor1d([value, 10 * value]);
        return functions.run(name, [x], () => [body(x)]).map((output) => [...output.dataSync()]);
      }),
    );

  it('computes with its arguments, and with constants of the recording', () => {
    expect(thrice('linear', (x) => x.mul(tf.scalar(2)).add(tf.tensor1d([1, 2])))).toEqual([
      [[3, 22]],
      [[5, 42]],
      [[7, 62]],
    ]);
  });

  it.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['ConcatV2', (x) => tf.concat([x, x, tf.tensor1d([7])]), [3, 30, 3, 30, 7]],
    ['Pack', (x) => tf.stack([x, tf.zerosLike(x)]), [3, 30, 0, 0]],
    ['AddN', (x) => tf.addN([x, x, x]), [9, 90]],
  ])('records an op with a list of inputs: %s', (name, body, expected) => {
    expect(thrice(name, body)[2]).toEqual([expected]);
  });

  it('traces again for another shape', () => {
    const sum = (shape: number[]) =>
      tf.tidy(() => {
        const x = tf.ones(shape);
        return functions.run('sum', [x], () => [tf.sum(x)])[0]?.dataSync()[0];
      });
    expect([[2], [2], [3], [3], [2]].map(sum)).toEqual([2, 2, 3, 3, 2]);
  });

  it('changes variables, and frees what it made', () => {
    const before = [nativeTensorCount(), nativeFunctionCount()];
    const own = new TracedFunctions('TRACED');
    const scope = own.enter('update');
    const optimizer = new BlockOptimizer({ type: 'ADAM', weightDecay: 0 });
    const zero = tf.zeros([1]);
    const gradient = tf.ones([1]);
    optimizer.add('x', zero, 0);
    const values = [0.5, 0.25, 0, 0.25].map((rate) => {
      tf.tidy(() => {
        const numbers = optimizer.nextNumbers([rate]);
        scope.run('step', [gradient, ...numbers, ...optimizer.handles, ...optimizer.slotHandles], () => {
          optimizer.update(new Map([['x', gradient]]), numbers);
          return [];
        });
      });
      return tf.tidy(() => optimizer.read().get('x')?.dataSync()[0] ?? NaN);
    });
    [-0.5, -0.75, -0.75, -1].forEach((value, step) => expect(values[step]).toBeCloseTo(value, 5));
    expect(values[2]).toBe(values[1]);
    expect(nativeFunctionCount()).toBe((before[1] ?? 0) + 1);
    scope.leave();
    own.dispose();
    optimizer.dispose();
    tf.dispose([zero, gradient]);
    expect([nativeTensorCount(), nativeFunctionCount()]).toEqual(before);
  });

  it('keeps the order of reads and updates of a variable, every time', () => {
    const zero = tf.scalar(0);
    const variable = createVariable(zero);
    // Twelve reads after each of twelve updates: were their order free, it would differ between calls on two threads.
    const found = Array.from({ length: 50 }, (_, call) =>
      tf.tidy(() => {
        assignVariable(variable, tf.scalar(call));
        const amount = tf.scalar(0.5);
        const outputs = functions.run('reads and updates', [variable, amount], () => {
          const reads: Tensor[] = [];
          for (let round = 0; round < 12; round++) {
            reads.push(tf.stack([readVariable(variable), readVariable(variable)]));
            decreaseVariable(variable, tf.mul(amount, readVariable(variable)));
          }
          return [tf.stack(reads), readVariable(variable)];
        });
        return outputs.map((output) => [...output.dataSync()]);
      }),
    );
    const powers = Array.from({ length: 13 }, (_, round) => 0.5 ** round);
    found.forEach(([reads, last], call) => {
      expect(reads).toEqual(powers.slice(0, 12).flatMap((power) => [call * power, call * power]));
      expect(last).toEqual([call * 0.5 ** 12]);
    });
    destroyVariable(variable);
    zero.dispose();
  });

  it.each<[string, (x: Tensor, other: Tensor) => Tensor, string]>([
    ['that reads a tensor', (x) => x.mul(tf.scalar(x.dataSync()[0] ?? 0)), 'a number that is read'],
    ['that uses a tensor from elsewhere', (x, other) => x.add(other), 'not among its arguments'],
    ['that TensorFlow refuses', (x) => tf.concat([x, tf.zeros([2, 2])]), 'must be rank 1'],
    [
      'whose shapes depend on values',
      (x) => execute1('Where', [typeAttribute('T', 'float32')], [x]),
      'depends on values',
    ],
  ])('refuses work %s, and leaves nothing behind', (_, body, message) => {
    const x = tf.tensor1d([1, 2]);
    const other = tf.neg(x);
    const before = [tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount(), nodeBackend().binding];
    expect(() => functions.run('refused', [x], () => [body(tf.add(x, tf.scalar(1)), other)])).toThrow(message);
    expect([tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount(), nodeBackend().binding]).toEqual(before);
    tf.dispose([x, other]);
  });
});

describe('the patched addon', () => {
  const attribute = (name: string, type: number, value: number | string | number[] | string[]) => ({
    name,
    type,
    value,
  });

  it('takes lists of tensors, types and strings', () => {
    const { binding } = nodeBackend();
    const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_STRING } = binding;
    const [a, b] = [
      [1, 2],
      [10, 20],
    ].map((values) => binding.createTensor([1, 2], TF_FLOAT, Float32Array.from(values))) as [number, number];
    const square = binding.createTensor([2, 2], TF_FLOAT, Float32Array.of(1, 2, 3, 4));
    const bias = binding.createTensor([2], TF_FLOAT, Float32Array.of(100, 200));
    // The stock types know neither lists of tensors nor lists of strings.
    const executeOp = binding.executeOp as (
      op: string,
      attributes: object[],
      inputs: unknown[],
      count: number,
    ) => { id: number }[];
    const identities = executeOp('IdentityN', [attribute('T', TF_ATTR_TYPE, [TF_FLOAT, TF_FLOAT])], [[a, b]], 2);
    const fused = executeOp(
      '_FusedMatMul',
      [
        attribute('T', TF_ATTR_TYPE, TF_FLOAT),
        attribute('num_args', TF_ATTR_INT, 1),
        attribute('fused_ops', TF_ATTR_STRING, ['BiasAdd']),
      ],
      [a, square, [bias]],
      1,
    );
    expect([...identities, ...fused].map(({ id }) => [...binding.tensorDataSync(id)])).toEqual([
      [1, 2],
      [10, 20],
      [107, 210],
    ]);
    for (const id of [a, b, square, bias, ...[...identities, ...fused].map((output) => output.id)])
      binding.deleteTensor(id);
  });

  it('explains a graph that makes no sense, and stays usable', () => {
    const binding = tracingBinding();
    if (binding === undefined) throw new Error('not patched');
    const node = { op: 'Relu', attributes: [], inputs: [0] };
    expect(() => binding.addNode(node)).toThrow('No graph was started');
    binding.startGraph();
    expect(() => binding.addNode(node)).toThrow('no value 0');
    expect(() => binding.addNode({ ...node, op: 'NoSuchOp', inputs: [] })).toThrow('NoSuchOp');
    expect(() => binding.addNode({ ...node, op: 'Const', inputs: [], tensorId: -1 })).toThrow('unknown tensor');
    expect(() => binding.createFunction('bad', 0, [0])).toThrow('no value 0');
    expect(() => binding.createFunction('bad', 0, [])).toThrow('No graph was started');
    expect(() => binding.deleteFunction('never made')).toThrow('never made');
    expect(nativeFunctionCount()).toBe(0);
  });
});
