import { expect, it } from 'vitest';
import { largestError, torchReference } from '../../../test/fixtures/torch-reference/reference.js';
import { nativeTensorCount, tf } from '../device/backend.js';
import { BlockOptimizer } from '../model/block-optimizer.js';

const { initial, gradients, rates, cases } = torchReference.optimizers;

it.each(cases)("$settings moves a parameter as torch's, in five steps of different rates", ({ settings, after }) => {
  const before = [tf.memory().numTensors, nativeTensorCount()];
  const optimizer = new BlockOptimizer(settings);
  const value = tf.tensor1d(initial);
  optimizer.add('x', value, 0);
  value.dispose();
  gradients.forEach((gradient, step) =>
    tf.tidy(() => {
      optimizer.update(new Map([['x', tf.tensor1d(gradient)]]), optimizer.nextNumbers([rates[step] ?? NaN]));
      const found = [...(optimizer.read().get('x')?.dataSync() ?? [])];
      expect(largestError(found, after[step] ?? []), `step ${step + 1}`).toBeLessThan(1e-6);
    }),
  );
  optimizer.dispose();
  expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
});
