import { z } from 'zod';
import { IMAGE_DIVISIONS } from './image-division.js';

export const objectiveSchema = z
  .strictObject({
    fitness: z
      .enum(['MACRO_ACCURACY', 'ACCURACY', 'MACRO_F1', 'LOSS'])
      .describe(
        'The validation figure that candidates are compared by, and epochs of a training: early stopping goes by ' +
          'it too; when absent ACCURACY in ACCELERATED, MACRO_ACCURACY elsewhere. MACRO_ACCURACY: the mean recall of the ' +
          'classes. ACCURACY: the share of the images that is recognised. MACRO_F1: the mean F1 of the classes. LOSS: the mean cross-entropy. Fitness is 1 minus ' +
          'the figure, or the loss itself: lower is better.',
      ),
    lossWeight: z
      .number()
      .min(0)
      .max(1)
      .describe(
        'How many times the validation loss is added to the fitness, 0 to 1: of two candidates that recognise as ' +
          'many images, the surer one is the better. When absent 0.1 in ACCELERATED, 0 elsewhere; of no effect on LOSS.',
      ),
  })
  .meta({ id: 'Objective', description: 'What candidates and epochs are compared by.' });
export type Objective = Readonly<z.infer<typeof objectiveSchema>>;

export const jobEvaluationSchema = z
  .strictObject({
    ...objectiveSchema.shape,
    seedCount: z
      .int()
      .min(1)
      .max(10)
      .describe(
        'The number of trainings of a candidate, whose mean is its fitness, 1 to 10; when absent 1 in ACCELERATED, 3 elsewhere.',
      ),
    division: z
      .enum(IMAGE_DIVISIONS)
      .default('FIXED')
      .describe(
        'Which images those trainings train on and validate on; FIXED when absent. FIXED: those of train, and those ' +
          'of validation. REDIVIDED: train and validation together are cut into `seedCount` parts, at least 2, other ' +
          'ones than those of the finals; each training validates on its own part and trains on all others. Fitness is ' +
          'then that of the predictions for all images together, each from the training that was not trained on ' +
          'it. It is of mode ACCELERATED, for datasets with few validation images.',
      ),
  })
  .meta({
    id: 'JobEvaluation',
    description: 'How the candidates of a job are measured, with what the request has left to the mode.',
  });
export type EvaluationConfig = Readonly<z.infer<typeof jobEvaluationSchema>>;

export const evaluationSchema = jobEvaluationSchema.partial({ fitness: true, lossWeight: true, seedCount: true }).meta({
  id: 'EvaluationConfig',
  description: 'How a candidate is measured, whether the evolution tries it or a baseline that tries several.',
});

/** What a validation came to, as far as an objective may ask for it. */
export interface ValidationFigures {
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly validationMacroAccuracy: number;
  readonly validationMacroF1: number;
}

/** Figures that are absent where nothing was validated. */
type PossibleFigures = { readonly [Figure in keyof ValidationFigures]?: number | undefined };

/** Whether something was validated: a training on all images has no validation figures. */
export const isValidated = <Found extends PossibleFigures>(found: Found): found is Found & ValidationFigures =>
  found.validationLoss !== undefined;

/** What models are judged by: shares of right answers. */
export type JudgedFigure = Exclude<Objective['fitness'], 'LOSS'>;

/** The figure that a job is judged by: that of its fitness, or accuracy where the fitness is a loss. */
export const judgedFigure = (fitness: Objective['fitness']): JudgedFigure =>
  fitness === 'LOSS' ? 'ACCURACY' : fitness;

const VALIDATION = {
  MACRO_ACCURACY: 'validationMacroAccuracy',
  ACCURACY: 'validationAccuracy',
  MACRO_F1: 'validationMacroF1',
} as const satisfies Record<JudgedFigure, keyof ValidationFigures>;

/** What a validation came to, in one figure. */
export const validationFigure = (found: ValidationFigures, figure: JudgedFigure): number => found[VALIDATION[figure]];

/** A larger loss counts as this one: the right class is then given one chance in 22,000, and more would say no more. */
const LOSS_MAX = 10;

/** What an objective makes of a validation: higher is better. */
export const figureOf = (found: ValidationFigures, objective: Objective): number =>
  objectiveFigure(validationFigure(found, judgedFigure(objective.fitness)), found.validationLoss, objective);

/** What an objective makes of the figure that it judges by and of a mean cross-entropy: higher is better. */
export function objectiveFigure(judged: number, meanLoss: number, { fitness, lossWeight }: Objective): number {
  const loss = Math.min(meanLoss, LOSS_MAX);
  return fitness === 'LOSS' ? -loss : judged - lossWeight * loss;
}

/** The fitness of a candidate whose trainings have this mean figure: lower is better, and 0 is the least. */
export const fitnessOf = (meanFigure: number, { fitness }: Objective): number =>
  fitness === 'LOSS' ? -meanFigure : 1 - meanFigure;

/** The fitness of a candidate that cannot be trained: the worst there is. */
export const worstFitness = ({ fitness, lossWeight }: Objective): number =>
  fitness === 'LOSS' ? LOSS_MAX : 1 + lossWeight * LOSS_MAX;
