import { describe, expect, it } from 'vitest';
import { figureOf, fitnessOf, judgedFigure, validationFigure, worstFitness } from './evaluation.js';

const found = {
  validationLoss: 2,
  validationAccuracy: 0.25,
  validationMacroAccuracy: 0.5,
  validationMacroF1: 0.75,
};

describe('an objective', () => {
  it.each([
    ['MACRO_ACCURACY', 0, 0.5, 0.5],
    ['ACCURACY', 0, 0.25, 0.75],
    ['MACRO_F1', 0, 0.75, 0.25],
    ['ACCURACY', 0.125, 0, 1],
    ['LOSS', 0, -2, 2],
    ['LOSS', 1, -2, 2],
  ] as const)('of %s with %f of the loss', (fitness, lossWeight, figure, expected) => {
    const objective = { fitness, lossWeight };
    expect(figureOf(found, objective)).toBe(figure);
    expect(fitnessOf(figure, objective)).toBe(expected);
  });

  it('has a share of the validation to tell, also where it goes by the loss', () => {
    expect(validationFigure(found, judgedFigure('MACRO_F1'))).toBe(0.75);
    expect(validationFigure(found, judgedFigure('LOSS'))).toBe(0.25);
  });

  it.each([
    ['MACRO_ACCURACY', 0],
    ['ACCURACY', 0.5],
    ['LOSS', 0],
  ] as const)('holds nothing for worse than what cannot be trained: %s, %f', (fitness, lossWeight) => {
    const objective = { fitness, lossWeight };
    const hopeless = { validationLoss: 1e6, validationAccuracy: 0, validationMacroAccuracy: 0, validationMacroF1: 0 };
    expect(fitnessOf(figureOf(hopeless, objective), objective)).toBe(worstFitness(objective));
  });
});
