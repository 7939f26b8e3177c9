import { expect, it } from 'vitest';
import { classificationMetrics } from './metrics.js';

const logits = Float32Array.of(2, 0, 0, 2, 0, 0, 0, 3, 0, 5, 0, 0);
const labels = Int32Array.of(0, 0, 0, 1);

it('counts predictions by label', () => {
  const { confusionMatrix, predictions, accuracy } = classificationMetrics(logits, labels, 3);
  expect(confusionMatrix).toEqual([
    [2, 1, 0],
    [1, 0, 0],
    [0, 0, 0],
  ]);
  expect(predictions).toEqual(Int32Array.of(0, 0, 1, 0));
  expect(accuracy).toBe(0.5);
});

it('averages recall over the classes that have examples', () => {
  expect(classificationMetrics(logits, labels, 3).macroAccuracy).toBeCloseTo((2 / 3 + 0) / 2, 12);
});

it('averages the cross entropy, without overflow', () => {
  const { loss } = classificationMetrics(Float32Array.of(1000, 0, 0, 0), Int32Array.of(1, 0), 2);
  expect(loss).toBeCloseTo((1000 + Math.log(2)) / 2, 6);
});
