import { expect, it } from 'vitest';
import { validationFigure } from './trial-settlement.js';

it.each([
  ['MACRO_ACCURACY', 0.2],
  ['ACCURACY', 0.1],
  ['MACRO_F1', 0.3],
] as const)('reads the figure that a fitness of %s is 1 minus of', (fitness, expected) => {
  const result = { validationAccuracy: 0.1, validationMacroAccuracy: 0.2, validationMacroF1: 0.3 };
  expect(validationFigure(result, fitness)).toBe(expected);
});
