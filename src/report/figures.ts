import type { JudgedFigure } from '../domain/job/evaluation.js';
import type { ClassFigures } from '../statistics/class-figures.js';

/** The test figures that jobs are judged by: what statistics call each, and what a reader does. */
export const FIGURES = {
  ACCURACY: { key: 'accuracy', name: 'accuracy' },
  MACRO_ACCURACY: { key: 'macroAccuracy', name: 'macro-accuracy' },
  MACRO_F1: { key: 'macroF1', name: 'macro-F1' },
} as const satisfies Record<JudgedFigure, { key: keyof ClassFigures; name: string }>;
