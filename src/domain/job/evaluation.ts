import { z } from 'zod';

export const evaluationSchema = z
  .strictObject({
    fitness: z
      .enum(['MACRO_ACCURACY', 'ACCURACY', 'MACRO_F1'])
      .default('MACRO_ACCURACY')
      .describe(
        'The validation figure that fitness is 1 minus of. MACRO_ACCURACY: the mean recall of the classes. ' +
          'ACCURACY: the share of the images that is recognised. MACRO_F1: the mean F1 of the classes.',
      ),
    seedCount: z
      .int()
      .min(1)
      .max(10)
      .default(3)
      .describe('The number of trainings of a candidate, whose mean is its fitness, 1 to 10.'),
  })
  .meta({
    id: 'EvaluationConfig',
    description: 'How a candidate is measured, whether the evolution tries it or a baseline that tries several.',
  });
export type EvaluationConfig = Readonly<z.infer<typeof evaluationSchema>>;

export const finalsSchema = z
  .strictObject({
    finalistCount: z
      .int()
      .min(1)
      .max(10)
      .default(3)
      .describe(
        'The number of best candidates of each search that train on all the data, with further seeds, ' +
          'before one goes on, 1 to 10.',
      ),
    seedCount: z
      .int()
      .min(1)
      .max(10)
      .default(3)
      .describe('The number of seeds of that choice, and of as many others for the report, 1 to 10.'),
  })
  .meta({
    id: 'FinalsConfig',
    description: 'How the candidates that a search found are told apart, and how all methods are reported.',
  });
