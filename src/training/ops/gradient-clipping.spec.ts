import { expect, it } from 'vitest';
import { largestError, torchReference } from '../../../test/fixtures/torch-reference/reference.js';
import { nativeTensorCount, tf } from '../device/backend.js';
import { clippedByNorm } from './gradient-clipping.js';

const { gradients, cases } = torchReference.clipping;

it.each(cases)("scales gradients that are $name as torch's clip_grad_norm_", ({ normMax, clipped }) => {
  const before = [tf.memory().numTensors, nativeTensorCount()];
  const tensors = new Map([
    ['matrix', tf.tensor(gradients.matrix)],
    ['vector', tf.tensor(gradients.vector)],
  ]);
  const found = clippedByNorm(tensors, normMax);
  expect([...found.keys()]).toEqual(['matrix', 'vector']);
  const valuesOf = (name: string) => [...(found.get(name)?.dataSync() ?? [])];
  expect(largestError(valuesOf('matrix'), clipped.matrix)).toBeLessThan(1e-6);
  expect(largestError(valuesOf('vector'), clipped.vector)).toBeLessThan(1e-6);
  tf.dispose([...tensors.values(), ...found.values()]);
  expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
});
