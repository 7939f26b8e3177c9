import { describe, expect, it } from 'vitest';
import { needsPredictions, type PartValidation, pooledFitness } from './pooled-fitness.js';

/** A training that took its validation images, of these classes, for these others. */
const part = (labels: readonly number[], predictions: readonly number[], validationLoss: number): PartValidation => ({
  validationLoss,
  validationAccuracy: predictions.filter((predicted, image) => predicted === labels[image]).length / labels.length,
  validationImageCount: labels.length,
  predictions: { images: labels.map((_, image) => image), labels, predictions },
});

/**
 * Six images and two, of three classes. Of class 0 two of three are recognised, of class 1 two of three, of class 2 one of two.
 * The macro-accuracies of the parts are 8/9 and 0.
 */
const PARTS = [part([0, 0, 1, 1, 1, 2], [0, 0, 1, 1, 2, 2], 0.4), part([0, 2], [1, 1], 1.2)];

const fitnessOf = (fitness: 'ACCURACY' | 'LOSS' | 'MACRO_ACCURACY' | 'MACRO_F1', lossWeight = 0, parts = PARTS) =>
  pooledFitness(parts, { fitness, lossWeight }, 3);

const withoutPredictions = PARTS.map(({ predictions: _predictions, ...figures }) => figures);

describe('the fitness of all parts together', () => {
  it('has each image count once for accuracy, whatever part it was in', () => {
    expect(fitnessOf('ACCURACY')).toBeCloseTo(1 - 5 / 8, 12);
    expect(fitnessOf('ACCURACY', 0, withoutPredictions)).toBe(fitnessOf('ACCURACY'));
  });

  it('has each image count once for the loss', () => {
    expect(fitnessOf('LOSS')).toBeCloseTo((6 * 0.4 + 2 * 1.2) / 8, 12);
    expect(fitnessOf('ACCURACY', 0.1)).toBeCloseTo(1 - (5 / 8 - 0.1 * 0.6), 12);
  });

  it('takes the recall of a class from its images of all parts', () => {
    expect(fitnessOf('MACRO_ACCURACY')).toBeCloseTo(1 - (2 / 3 + 2 / 3 + 1 / 2) / 3, 12);
  });

  it('takes the F1 of a class from its images and predictions of all parts', () => {
    // Taken for the classes: 2, 4 and 2 images.
    const expected = ((2 * 2) / (3 + 2) + (2 * 2) / (3 + 4) + (2 * 1) / (2 + 2)) / 3;
    expect(fitnessOf('MACRO_F1')).toBeCloseTo(1 - expected, 12);
    expect(fitnessOf('MACRO_F1', 0.5)).toBeCloseTo(1 - (expected - 0.5 * 0.6), 12);
  });

  it('has predictions where the objective is a mean over classes, and only there', () => {
    const objectives = (['ACCURACY', 'LOSS', 'MACRO_ACCURACY', 'MACRO_F1'] as const).map((fitness) => ({
      fitness,
      lossWeight: 0.1,
    }));
    expect(objectives.map(needsPredictions)).toEqual([false, false, true, true]);
    expect(() => fitnessOf('MACRO_F1', 0, withoutPredictions)).toThrow('2 trainings have no predictions');
  });
});
