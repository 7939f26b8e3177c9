import { afterEach, describe, expect, it } from 'vitest';
import { differingTensors, leftovers, train } from '../../../test/fixtures/training.js';
import { DomainError } from '../../domain/errors.js';
import { type Binding, nodeBackend } from '../device/backend.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { smallerMicroBatch } from './out-of-memory.js';
import { PrefixCache } from '../examples/prefix-cache.js';
import { SharedHeads } from './shared-heads.js';
import { TracedFunctions } from '../graph/traced-functions.js';

/** TensorFlow's message, as in out-of-memory.slow.spec, which waits for ten seconds before it gives up. */
const EXHAUSTED = 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[16,4,4,8] and type float';

const patched = nodeBackend().binding;
afterEach(() => {
  nodeBackend().binding = patched;
});

/** Makes ops run out of memory when `isTooMuch` says so of their name and of their first output's leading length. */
function runOutOfMemory(isTooMuch: (op: string, length: number) => boolean): void {
  const executeOp: Binding['executeOp'] = (op, ...rest) => {
    const outputs = patched.executeOp(op, ...rest);
    if (!isTooMuch(op, outputs[0]?.shape[0] ?? 0)) return outputs;
    for (const { id } of outputs) patched.deleteTensor(id);
    throw new Error(EXHAUSTED);
  };
  nodeBackend().binding = Object.create(patched, { executeOp: { value: executeOp } }) as Binding;
}

/** Trains op by op: nobody sees the ops of a compiled function. */
async function trainOpByOp(...[changes, hooks]: Parameters<typeof train>) {
  const functions = new TracedFunctions('EAGER');
  const cache = new PrefixCache({ memoryBytesMax: 2 ** 20 });
  try {
    return await train(changes, { ...hooks, shared: { functions, cache, heads: new SharedHeads() } });
  } finally {
    cache.dispose();
    functions.dispose();
  }
}

const SETUPS: readonly Partial<FineTuneOptions>[] = [
  {},
  { microBatchSize: 3 },
  { lrMultipliers: [0, 1, 1] },
  { technique: { type: 'LORA', rank: 1, alpha: 1 } },
  { technique: { type: 'AUTO_RGN', batchCount: 2 } },
  { technique: { type: 'AUTO_RGN', batchCount: 2 }, microBatchSize: 3 },
  { technique: { type: 'L1_SP', alpha: 1, beta: 1 } },
  { headInit: 'PROBE' },
];

/** An op of the backward pass, so that validation has enough memory. */
const GRADIENT = 'FusedBatchNormGradV3';

describe('a training that runs out of memory', () => {
  it.each([
    [7, 4],
    [3, 2],
  ])('with more than %i examples goes on with %i at a time', async (countMax, microBatchSize) => {
    const before = leftovers();
    runOutOfMemory((op, length) => op === GRADIENT && length > countMax);
    const found = await trainOpByOp();
    nodeBackend().binding = patched;
    expect(found.microBatchSize).toBe(microBatchSize);
    const expected = await trainOpByOp({ microBatchSize });
    expect(differingTensors(found.weights, expected.weights)).toEqual([]);
    expect(leftovers()).toEqual(before);
  });

  it('in a later stage begins that stage again, and reports no epoch twice', async () => {
    const before = leftovers();
    // The probe before it has no BatchNorm.
    runOutOfMemory((op, length) => op === GRADIENT && length > 7);
    const reported: number[] = [];
    const found = await trainOpByOp({ headInit: 'PROBE' }, { onEpoch: ({ epoch }) => void reported.push(epoch) });
    expect(found.microBatchSize).toBe(4);
    expect(found.stages.map(({ epochCount }) => epochCount)).toEqual([3, 3]);
    expect(reported).toEqual([1, 2, 3, 4, 5, 6]);
    nodeBackend().binding = patched;
    expect(leftovers()).toEqual(before);
  });

  it('ends with OUT_OF_MEMORY, and the cause, when nothing smaller is left', async () => {
    const before = leftovers();
    runOutOfMemory((op) => op === GRADIENT);
    await expect(trainOpByOp()).rejects.toMatchObject({
      reason: 'OUT_OF_MEMORY',
      metadata: { microBatchSize: '2', cause: EXHAUSTED },
      cause: { message: EXHAUSTED },
    });
    expect(leftovers()).toEqual(before);
  });

  it('fails instead of starting again once an epoch is reported', async () => {
    const before = leftovers();
    const reported: number[] = [];
    const onEpoch = ({ epoch }: { epoch: number }) => {
      reported.push(epoch);
      runOutOfMemory((op) => op.startsWith('traced_'));
    };
    await expect(train({}, { onEpoch })).rejects.toMatchObject({
      reason: 'OUT_OF_MEMORY',
      metadata: { microBatchSize: '8' },
    });
    expect(reported).toEqual([1]);
    nodeBackend().binding = patched;
    expect(leftovers()).toEqual(before);
  });

  it('in each of the places where it may happen leaves nothing behind', async () => {
    const before = leftovers();
    for (const op of [
      'Cast',
      'Sub',
      'Conv2D',
      'AddV2',
      'Slice',
      'BiasAdd',
      'ResourceApplyAdam',
      'Pack',
      'Conv2DBackpropFilter',
      'MatMul',
      'Transpose',
      'L2Loss',
      'Sign',
    ]) {
      for (const changes of SETUPS) {
        let callCount = 0;
        runOutOfMemory((name) => name === op && ++callCount % 3 === 2);
        await trainOpByOp({ epochCount: 1, ...changes }).catch(() => undefined);
        nodeBackend().binding = patched;
        expect(leftovers(), `${op} ${JSON.stringify(changes)}`).toEqual(before);
      }
    }
  });
});

describe('smallerMicroBatch', () => {
  const exhausted = new Error(EXHAUSTED);

  it.each([
    [32, 16],
    [5, 2],
    [4, 2],
  ])('halves %i to %i', (microBatchSize, expected) => {
    expect(smallerMicroBatch(exhausted, microBatchSize)).toBe(expected);
  });

  it('stops before a BatchNorm would be left with one example', () => {
    expect(() => smallerMicroBatch(exhausted, 3)).toThrow(expect.objectContaining({ reason: 'OUT_OF_MEMORY' }));
  });

  it.each([
    new Error('Invalid TF_Status: 3\nMessage: Incompatible shapes'),
    new Error('Invalid TF_Status: 88\nMessage: no such status'),
    new DomainError('NAN_LOSS', 'the loss is NaN'),
  ])('throws what is not about memory as it is: %s', (error) => {
    expect(() => smallerMicroBatch(error, 32)).toThrow(error);
  });
});
