import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { largestError, torchReference } from '../../../test/fixtures/torch-reference/reference.js';
import { nativeTensorCount, tf } from '../device/backend.js';
import { crossEntropy, weightSum } from './cross-entropy.js';

const { logits, labels, cases } = torchReference.crossEntropy;

let before: number[];
beforeEach(() => {
  before = [tf.memory().numTensors, nativeTensorCount()];
});
afterEach(() => expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before));

/** Loss and gradient of some of the examples, as their part of the mean over all of them. */
function partOf(start: number, end: number, settings: (typeof cases)[number]['settings']) {
  const { labelSmoothing, classWeights } = settings;
  return tf.tidy(() => {
    const { loss, gradient } = crossEntropy(
      {
        logits: tf.tensor2d(logits.slice(start, end)),
        labels: tf.tensor1d(labels.slice(start, end), 'int32'),
        scale: tf.scalar(1 / weightSum(Int32Array.from(labels), classWeights)),
        ...(classWeights && { classWeights: tf.tensor1d(classWeights) }),
      },
      labelSmoothing,
    );
    return { loss: [...loss.dataSync()], gradient: [...gradient.dataSync()] };
  });
}

describe.each(cases)("crossEntropy is torch's, with $name", ({ settings, loss, gradient }) => {
  it('for a whole batch', () => {
    const found = partOf(0, 6, settings);
    expect(largestError(found.loss, [loss])).toBeLessThan(1e-6);
    expect(largestError(found.gradient, gradient)).toBeLessThan(1e-6);
  });

  it('for a batch in two parts, whose losses add up', () => {
    const parts = [partOf(0, 2, settings), partOf(2, 6, settings)];
    const sum = parts.reduce((total, part) => total + (part.loss[0] ?? NaN), 0);
    expect(largestError([sum], [loss])).toBeLessThan(1e-6);
    expect(
      largestError(
        parts.flatMap((part) => part.gradient),
        gradient,
      ),
    ).toBeLessThan(1e-6);
  });
});
