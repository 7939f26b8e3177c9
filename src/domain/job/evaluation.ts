import { z } from 'zod';

/** How a candidate is measured, whether the evolution tries it or a baseline that tries several. */
export const evaluationSchema = z
  .strictObject({
    /** Which validation figure fitness is 1 minus of. */
    fitness: z.enum(['MACRO_ACCURACY', 'ACCURACY', 'MACRO_F1']).default('MACRO_ACCURACY'),
    /** Trainings of a candidate; its fitness is their mean. */
    seedCount: z.int().min(1).max(10).default(3),
  })
  .meta({ id: 'EvaluationConfig' });
export type EvaluationConfig = Readonly<z.infer<typeof evaluationSchema>>;

/** How the candidates that a search found are told apart, and how all methods are reported. */
export const finalsSchema = z
  .strictObject({
    /** Best candidates of each search that train on all the data, with further seeds, before one goes on. */
    finalistCount: z.int().min(1).max(10).default(3),
    /** Seeds of that choice, and as many others of the report. */
    seedCount: z.int().min(1).max(10).default(3),
  })
  .meta({ id: 'FinalsConfig' });
