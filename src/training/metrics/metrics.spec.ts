import { describe, expect, it } from 'vitest';
import { calibrationError, classificationMetrics, classRecalls } from './metrics.js';

/** Class 0 is found in 2 of 3, class 1 never, and class 2, which has no examples, is predicted once. */
const confusionMatrix = [
  [2, 1, 0],
  [1, 0, 1],
  [0, 0, 0],
];

const macroF1 = (counts: number[][]) =>
  classificationMetrics({ loss: 0, confusionMatrix: counts, calibrationBins: [] }).macroF1;

it('has a recall for each class that has examples, and for no other', () => {
  expect(classRecalls(confusionMatrix)).toEqual([
    { classIndex: 0, recall: 2 / 3 },
    { classIndex: 1, recall: 0 },
  ]);
});

it('averages F1 over the classes that have examples, 0 where none is found', () => {
  // Precision and recall of class 0 are 2/3 both.
  expect(macroF1(confusionMatrix)).toBeCloseTo((2 / 3 + 0) / 2, 15);
  // Precision 1/3 and recall 1 of class 1 give F1 1/2; recall 1/3 and precision 1 of class 0 give 1/2.
  expect(
    macroF1([
      [1, 2],
      [0, 1],
    ]),
  ).toBeCloseTo(0.5, 15);
  expect(
    macroF1([
      [0, 4],
      [2, 0],
    ]),
  ).toBe(0);
});

describe('calibrationError', () => {
  it('weighs the gap of each bin with its examples', () => {
    const bins = [
      { exampleCount: 0, confidenceSum: 0, rightCount: 0 },
      // 0.9 expected, 0.5 found: 0.4, for 4 of 10 examples.
      { exampleCount: 4, confidenceSum: 3.6, rightCount: 2 },
      // 0.5 expected, 1 found: 0.5, for 6 of 10 examples.
      { exampleCount: 6, confidenceSum: 3, rightCount: 6 },
    ];
    expect(calibrationError(bins)).toBeCloseTo(0.4 * 0.4 + 0.6 * 0.5, 15);
  });

  it('does not let one bin make up for another', () => {
    const tooSure = { exampleCount: 1, confidenceSum: 0.8, rightCount: 0 };
    const tooModest = { exampleCount: 1, confidenceSum: 0.2, rightCount: 1 };
    expect(calibrationError([tooSure, tooModest])).toBeCloseTo(0.8, 15);
  });
});

it('divides by the examples for loss and accuracy, by the classes for macro-accuracy', () => {
  const bins = [{ exampleCount: 5, confidenceSum: 4, rightCount: 2 }];
  const metrics = classificationMetrics({ loss: 10, confusionMatrix, calibrationBins: bins });
  expect(metrics).toMatchObject({ loss: 2, accuracy: 2 / 5, calibrationError: 2 / 5, confusionMatrix });
  expect(metrics.macroAccuracy).toBeCloseTo((2 / 3 + 0) / 2, 15);
});
