import { z } from 'zod';

export const SEARCH_OBJECTIVES = ['INFERENCE_MULTIPLY_ACCUMULATES', 'TRAINED_PARAMETERS'] as const;
/** What a candidate may be weighed by beside its validation figure: lower is better. */
export type SearchObjective = (typeof SEARCH_OBJECTIVES)[number];

export const searchObjectivesSchema = z
  .array(z.enum(SEARCH_OBJECTIVES))
  .max(SEARCH_OBJECTIVES.length)
  .refine((names) => new Set(names).size === names.length, { error: 'each objective may be named once' })
  .readonly()
  .default([])
  .describe(
    'What ACCELERATED keeps low beside a good validation figure, none twice: it moves candidates of which no other is ' +
      'as good in all, and the result has a `paretoFront`; the model that is delivered is chosen by the validation ' +
      'figure alone. INFERENCE_MULTIPLY_ACCUMULATES: the multiply-accumulates of one image through the model. ' +
      'TRAINED_PARAMETERS: the number of parameters that learn in a training.',
  );

export const paretoPointSchema = z
  .strictObject({
    trial: z.string().describe('The resource name of the trial.'),
    validationFigure: z
      .number()
      .describe(
        'The validation figure of `evaluation.fitness`, accuracy where that is a loss: the mean over the seeds, 0 to 1.',
      ),
    inferenceMultiplyAccumulates: z
      .number()
      .min(0)
      .optional()
      .describe('The multiply-accumulates of one image through the model; present where it is an objective.'),
    trainedParameterCount: z
      .int()
      .min(0)
      .optional()
      .describe('The number of parameters that learn in a training; present where it is an objective.'),
  })
  .meta({
    id: 'ParetoPoint',
    description: 'A candidate of the search of which no other is as good in every objective, and better in one.',
  });
export type ParetoPoint = Readonly<z.infer<typeof paretoPointSchema>>;

/** What a candidate comes to in the objectives of its search; one that is no objective is absent. */
export type ObjectiveValues = Pick<ParetoPoint, 'inferenceMultiplyAccumulates' | 'trainedParameterCount'>;

/** The values in one order, to compare candidates of a search by: lower is better. */
export const valuesToKeepLow = (values: ObjectiveValues): number[] =>
  [values.inferenceMultiplyAccumulates, values.trainedParameterCount].flatMap((value) => value ?? []);

/**
 * The items that no other dominates, in their order: none is at least as good in every value, and better in one.
 *
 * @param valuesOf The values of an item, as many for each; lower is better.
 * @see Deb et al., A fast and elitist multiobjective genetic algorithm: NSGA-II (2002), the first front.
 */
export function nonDominated<Item>(items: readonly Item[], valuesOf: (item: Item) => readonly number[]): Item[] {
  const all = items.map((item) => ({ item, values: valuesOf(item) }));
  return all.filter(({ values }) => !all.some((other) => dominates(other.values, values))).map(({ item }) => item);
}

const dominates = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((value, index) => value <= (b[index] ?? Infinity)) &&
  a.some((value, index) => value < (b[index] ?? Infinity));
